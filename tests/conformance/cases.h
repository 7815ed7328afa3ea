// The conformance list, shared by the tests here.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "layers/differentiate.h"
#include "layers/linear.h"

#include "tests/support/graph_text.h"
#include "tests/support/source_dir.h"

namespace apatite {

inline std::string conformance_file() {
  return source_dir().string() + "/tests/conformance/cases.txt";
}

// Every line of cases.txt, or the one line in the environment variable APATITE_CASE: a failing
// case's line can be pasted there.
inline std::vector<std::string> conformance_cases() {
  if (const char* line = std::getenv("APATITE_CASE")) return {line};
  return read_lines(conformance_file());
}

// The network with three scores, each a linear function of all of its output, and the gradients
// with respect to every node that influences them.
inline layers::Differentiated with_gradients(const engine::Graph& network) {
  engine::GraphBuilder builder(network);
  const engine::NodeId logits =
      layers::linear(builder, "scores", network.output(), {.out_features = 3});
  const engine::Graph scored = std::move(builder).build(logits);
  std::vector<bool> influences(scored.nodes().size());
  influences[logits] = true;
  std::vector<engine::NodeId> wrt;
  for (engine::NodeId id = scored.nodes().size(); id-- > 0;) {
    if (!influences[id]) continue;
    wrt.push_back(id);
    for (const engine::NodeId input : scored.node(id).inputs) influences[input] = true;
  }
  return layers::differentiate(scored, wrt);
}

}  // namespace apatite
