#include "weights/conversion/recognise.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/graph.h"
#include "models/family.h"
#include "models/models.h"
#include "weights/torch/refusal.h"

namespace apatite::weights {
namespace {

// Those of each kind of network once.
std::vector<const models::CheckpointNames*> all_names() {
  std::vector<const models::CheckpointNames*> all;
  for (const models::Family* family : models::families()) {
    if (std::ranges::find(all, family->checkpoint_names) == all.end()) {
      all.push_back(family->checkpoint_names);
    }
  }
  return all;
}

// The network whose anchor `name` is, if it is one. A name is the anchor of one network at most.
std::optional<NetworkNames> anchored_at(std::string_view name,
                                        const std::set<std::string_view>& all) {
  for (const models::CheckpointNames* names : all_names()) {
    for (const models::CheckpointNames::Scheme& scheme : names->schemes) {
      for (const std::string_view anchor : scheme.anchors) {
        if (!name.ends_with(anchor)) continue;
        std::string prefix(name.substr(0, name.size() - anchor.size()));
        if (!prefix.empty() && !prefix.ends_with('.')) continue;
        const bool alone =
            !scheme.companion.empty() && !all.contains(prefix + std::string(scheme.companion));
        if (!alone) return NetworkNames{names, &scheme, std::move(prefix)};
      }
    }
  }
  return std::nullopt;
}

[[noreturn]] void refuse_unknown(std::span<const std::string> names, std::string_view where) {
  std::vector<std::string> some;
  for (const std::string& name : names.first(std::min<std::size_t>(names.size(), 3))) {
    some.push_back(torch::printable(name));
  }
  std::vector<std::string> titles;
  std::vector<std::string> anchors;
  for (const models::CheckpointNames* known : all_names()) {
    titles.emplace_back(known->title);
    anchors.emplace_back(known->schemes.front().anchors.front());
  }
  throw Error(ErrorKind::kBadFile, where,
              "its names are those of no network that apatite knows (" + join(some) + ", ...)",
              "give a " + join(titles, " or ") + " with torchvision's names (" + join(anchors) +
                  "), any prefix before them");
}

// Large enough for any network: the parameters do not depend on the input's size.
constexpr std::int64_t kProbeSize = 1024;

bool same_parameters(const engine::Graph& a, const engine::Graph& b) {
  return std::ranges::equal(a.parameters(), b.parameters(),
                            [](const engine::Parameter& p, const engine::Parameter& q) {
                              return p.name == q.name && p.dims == q.dims;
                            });
}

// The preset of the same family with the same parameters, or `config` itself.
models::ModelConfig as_preset(const models::ModelConfig& config, const Json& user) {
  const engine::Graph graph = models::build_model(config, kProbeSize, kProbeSize);
  for (const models::ModelInfo& info : models::models()) {
    if (info.family != config.architecture || info.name == info.family) continue;
    const models::ModelConfig preset{info.name, config.classes, config.input_channels, user};
    try {
      if (same_parameters(models::build_model(preset, kProbeSize, kProbeSize), graph))
        return preset;
    } catch (const Error&) {
      continue;  // the user's options are none of this preset's
    }
  }
  return config;
}

// The family and options that the names and sizes of the tensors tell.
models::ModelConfig recognise_family(const NetworkNames& network,
                                     const models::CheckpointTensors& tensors) {
  for (const models::Family* family : models::families()) {
    if (family->checkpoint_names != network.names) continue;
    if (std::optional<models::ModelConfig> config = family->recognise(tensors)) return *config;
  }
  tensors.refuse("its names and sizes make no " + std::string(network.names->title));
}

}  // namespace

std::string NetworkNames::canonical(std::string_view name) const {
  if (!name.starts_with(prefix)) return std::string(name);
  return scheme->canonical(std::string(name.substr(prefix.size())));
}

NetworkNames find_network(std::span<const std::string> names, std::string_view where) {
  const std::set<std::string_view> all(names.begin(), names.end());
  std::vector<NetworkNames> found;
  for (const std::string& name : names) {
    if (std::optional<NetworkNames> network = anchored_at(name, all)) {
      found.push_back(*std::move(network));
    }
  }
  if (found.empty()) refuse_unknown(names, where);
  if (found.size() > 1) {
    std::vector<std::string> prefixes;
    for (const NetworkNames& network : found) {
      prefixes.push_back('"' + torch::printable(network.prefix) + '"');
    }
    throw Error(
        ErrorKind::kUsage, where,
        "holds " + std::to_string(found.size()) + " networks, with the prefixes " + join(prefixes),
        "save the state dict of one of them");
  }
  return found.front();
}

models::ModelConfig recognise(const NetworkNames& network, const NamedDims& tensors,
                              std::string_view architecture, const Json& user,
                              std::string_view where) {
  const models::CheckpointTensors readable(tensors, where);
  models::ModelConfig config = recognise_family(network, readable);
  const std::string title(network.names->title);
  if (!architecture.empty()) {
    if (models::family_of(architecture).checkpoint_names != network.names) {
      throw Error(ErrorKind::kUsage, where,
                  "its names are those of a " + title + ", not of " + std::string(architecture),
                  "leave out --arch to have the architecture recognised");
    }
    if (architecture != config.architecture) {
      return {std::string(architecture), config.classes, config.input_channels, user};
    }
  }
  if (user.is_object()) config.options.update(user);
  try {
    return architecture.empty() ? as_preset(config, user) : config;
  } catch (const Error& error) {
    if (!user.empty()) throw;
    readable.refuse("its names and sizes make no " + title + ": " + error.what());
  }
}

}  // namespace apatite::weights
