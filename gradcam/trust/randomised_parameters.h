// Replaces the weights of a network by random ones, stage by stage from the logits down: J. Adebayo
// et al., "Sanity checks for saliency maps", NeurIPS 2018, section 3. A map that stays the same
// while the network loses what it has learnt shows the image, not the decision.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite::gradcam {

// One stage of the cascade: the nodes from the logits down to `name` have random weights.
struct RandomisedStage {
  std::string name;                  // of the lowest node with random weights
  std::set<std::string> parameters;  // all that are random
};

// At most `stages` stages. The first randomises the node of the logits alone, the last one every
// node; those between divide the convolutions and linear layers evenly. A batch norm belongs to the
// layer below it.
std::vector<RandomisedStage> randomised_stages(const engine::Graph& graph, std::int64_t stages);

// `own` with the parameters of a stage replaced by seeded ones (weights/init.h).
class RandomisedParameters : public engine::ParameterSource {
 public:
  // All three must outlive it.
  RandomisedParameters(const engine::ParameterSource& own, const RandomisedStage& stage,
                       std::uint64_t seed)
      : own_(own), stage_(stage), seed_(seed) {}
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override;

 private:
  const engine::ParameterSource& own_;
  const RandomisedStage& stage_;
  std::uint64_t seed_;
};

}  // namespace apatite::gradcam
