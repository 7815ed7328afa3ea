#include "weights/conversion/convert.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/graph/graph.h"
#include "models/family.h"
#include "models/models.h"
#include "weights/conversion/recognise.h"
#include "weights/metadata.h"
#include "weights/torch/checkpoint.h"
#include "weights/torch/refusal.h"

namespace apatite::weights {
namespace {

using torch::Checkpoint;
using torch::printable;
using torch::StoredTensor;

constexpr std::int64_t kProbeSize = 1024;  // parameters do not depend on the input's size
constexpr std::size_t kMostListed = 10;

std::string text_of(const engine::Dims& dims) {
  return engine::to_text(std::span<const std::int64_t>(dims));
}

// At most kMostListed of them, and how many more.
std::string listed(const std::vector<std::string>& items) {
  const std::span<const std::string> all(items);
  std::string text = join(all.first(std::min(all.size(), kMostListed)));
  if (all.size() > kMostListed) {
    text += ", and " + std::to_string(all.size() - kMostListed) + " more";
  }
  return text;
}

bool is_counter(std::string_view name) {
  return name == "num_batches_tracked" || name.ends_with(".num_batches_tracked");
}

// The last layer of the network: its tensors' names and the length of its input.
struct Head {
  std::string weight;
  std::string bias;
  std::int64_t in_features;
};

Head head_of(const engine::Graph& graph) {
  for (engine::NodeId id = graph.nodes().size(); id-- > 0;) {
    const engine::Node& node = graph.node(id);
    if (!std::holds_alternative<engine::Linear>(node.op)) continue;
    const engine::Parameter& weight = graph.parameters()[node.parameters.at(0)];
    return {weight.name, graph.parameters()[node.parameters.at(1)].name, weight.dims.at(1)};
  }
  throw Error(ErrorKind::kInternal, "convert", "a network without a linear layer");
}

// One conversion, step by step; each step needs those before it.
class Converter {
 public:
  Converter(std::span<const std::byte> file, std::string_view where, const ConvertOptions& options)
      : file_(file), where_(where), options_(options), checkpoint_(file, where, options.key) {}

  Conversion run() {
    result_.report.format = checkpoint_.format();
    result_.report.key = checkpoint_.key();
    result_.report.ignored.assign(checkpoint_.ignored().begin(), checkpoint_.ignored().end());
    name_tensors();
    recognise_network();
    check_backbone();
    find_head();
    check_sizes();
    load_tensors();
    describe();
    result_.source_sha256 = sha256_hex(file_);
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string_view remedy) const {
    throw Error(ErrorKind::kBadFile, where_, what, remedy);
  }
  std::string title() const { return result_.model.architecture; }
  // "layer1.0.conv1.weight 64x64x1x1", by the name in the file.
  static std::string entry(const StoredTensor& tensor) {
    return printable(tensor.name) + " " + text_of(tensor.dims);
  }

  // Gives every tensor but the counters its canonical name.
  void name_tensors() {
    std::vector<std::string> names;
    for (const StoredTensor& tensor : checkpoint_.tensors()) {
      if (is_counter(tensor.name)) {
        ++result_.report.dropped_counters;
      } else {
        names.push_back(tensor.name);
      }
    }
    network_ = find_network(names, where_);
    result_.report.prefix = network_.prefix;
    for (const StoredTensor& tensor : checkpoint_.tensors()) {
      if (is_counter(tensor.name)) continue;
      std::string name = network_.canonical(tensor.name);
      const auto [other, is_new] = by_name_.emplace(name, &tensor);
      if (!is_new) {
        refuse("tensors " + printable(tensor.name) + " and " + printable(other->second->name) +
                   " would both be called " + printable(name),
               "save the state dict of one network");
      }
    }
  }

  void recognise_network() {
    NamedDims dims;
    for (const auto& [name, tensor] : by_name_) dims.emplace(name, tensor->dims);
    result_.model =
        recognise(network_, dims, options_.architecture, options_.model_options, where_);
    result_.report.recognised = options_.architecture.empty();
    const models::Family& family = models::family_of(result_.model.architecture);
    if (family.assumption != nullptr) {
      result_.report.assumption =
          family.assumption(models::CheckpointTensors(dims, where_), result_.model);
    }
    backbone_ = models::build_model(result_.model, kProbeSize, kProbeSize);
    head_ = head_of(backbone_);
  }

  // The tensors that the network has no name for, its head's aside, in the order of the file.
  std::vector<const StoredTensor*> left_over() const {
    std::unordered_map<std::string_view, bool> known;
    for (const engine::Parameter& parameter : backbone_.parameters()) known[parameter.name] = true;
    known.erase(head_.weight);
    known.erase(head_.bias);
    std::vector<const StoredTensor*> rest;
    for (const StoredTensor& tensor : checkpoint_.tensors()) {
      if (!is_counter(tensor.name) && !known.contains(network_.canonical(tensor.name))) {
        rest.push_back(&tensor);
      }
    }
    return rest;
  }

  // The head may bear any name: it is what remains, if that is one linear layer.
  void find_head() {
    const std::vector<const StoredTensor*> rest = left_over();
    std::vector<const StoredTensor*> matrices;
    std::vector<std::string> entries;
    for (const StoredTensor* tensor : rest) {
      entries.push_back(entry(*tensor));
      if (tensor->dims.size() == 2) matrices.push_back(tensor);
    }
    if (matrices.empty()) {
      refuse("has no linear layer at its end" +
                 (rest.empty() ? std::string() : " (left over: " + listed(entries) + ")"),
             "save the whole network: " + title() + " ends in one linear layer of " +
                 to_text(head_.in_features) + " inputs");
    }
    if (matrices.size() > 1) refuse_layers(matrices);
    const StoredTensor& weight = *matrices.front();
    if (weight.dims[1] != head_.in_features) {
      refuse("its last layer " + entry(weight) + " takes " + to_text(weight.dims[1]) +
                 " inputs, that of " + title() + " takes " + to_text(head_.in_features),
             "give a network whose last layer follows the global average pooling");
    }
    const StoredTensor* bias = find_bias(weight, rest);
    if (rest.size() > (bias == nullptr ? 1U : 2U)) {
      std::erase(entries, entry(weight));
      if (bias != nullptr) std::erase(entries, entry(*bias));
      refuse("has tensors that " + title() + " does not: " + listed(entries),
             "it is another network; apatite converts those that `apatite models` lists");
    }
    take_head(weight, bias);
  }

  [[noreturn]] void refuse_layers(const std::vector<const StoredTensor*>& matrices) const {
    std::vector<std::string> entries;
    entries.reserve(matrices.size());
    for (const StoredTensor* tensor : matrices) entries.push_back(entry(*tensor));
    refuse("its head has " + std::to_string(matrices.size()) + " linear layers (" +
               listed(entries) + "), that of " + title() + " has one",
           "train or export the network with one linear layer after the pooling");
  }

  // The vector beside the weight: "fc.1.bias" for "fc.1.weight".
  static const StoredTensor* find_bias(const StoredTensor& weight,
                                       const std::vector<const StoredTensor*>& rest) {
    constexpr std::string_view kWeight = "weight";
    if (!weight.name.ends_with(kWeight)) return nullptr;
    const std::string name = weight.name.substr(0, weight.name.size() - kWeight.size()) + "bias";
    const auto found = std::ranges::find(rest, name, &StoredTensor::name);
    return found == rest.end() ? nullptr : *found;
  }

  // Files the head under its canonical name and takes the number of classes from it.
  void take_head(const StoredTensor& weight, const StoredTensor* bias) {
    const std::int64_t classes = weight.dims[0];
    if (options_.classes && *options_.classes != classes) {
      throw Error(ErrorKind::kUsage, where_,
                  "has " + to_text(classes) + " classes (" + entry(weight) + "), not " +
                      to_text(*options_.classes),
                  "leave out --num-classes or pass " + to_text(classes));
    }
    by_name_.erase(network_.canonical(weight.name));
    by_name_[head_.weight] = &weight;
    if (bias != nullptr) {
      by_name_.erase(network_.canonical(bias->name));
      by_name_[head_.bias] = bias;
    }
    result_.report.added_bias = bias == nullptr;
    result_.model.classes = classes;
    try {
      graph_ = models::build_model(result_.model, kProbeSize, kProbeSize);
    } catch (const Error& error) {
      refuse(error.what(), "check the last layer of the network");
    }
  }

  // Every tensor of the network, its head aside, is there with its sizes.
  void check_backbone() const {
    std::vector<std::string> missing;
    std::vector<std::string> wrong;
    for (const engine::Parameter& parameter : backbone_.parameters()) {
      if (parameter.name == head_.weight || parameter.name == head_.bias) continue;
      const auto found = by_name_.find(parameter.name);
      if (found == by_name_.end()) {
        missing.push_back(parameter.name);
      } else if (found->second->dims != parameter.dims) {
        wrong.push_back(entry(*found->second) + " where it has " + text_of(parameter.dims));
      }
    }
    constexpr std::string_view kRemedy =
        "it is another network (wide, grouped or modified); apatite converts those that "
        "`apatite models` lists";
    if (!missing.empty()) {
      refuse("lacks " + std::to_string(missing.size()) + " tensors of " + title() + ": " +
                 listed(missing),
             kRemedy);
    }
    if (!wrong.empty()) {
      refuse("has " + std::to_string(wrong.size()) + " tensors with other sizes than " + title() +
                 "'s: " + listed(wrong),
             kRemedy);
    }
  }

  // The head's bias is as long as its weight is high, and all tensors together are no larger than
  // the file allows: tensors that share a storage could claim any amount of memory.
  void check_sizes() const {
    std::int64_t values = 0;
    for (const engine::Parameter& parameter : graph_.parameters()) {
      const auto found = by_name_.find(parameter.name);
      if (found == by_name_.end()) continue;  // a bias that the head lacks
      if (found->second->dims != parameter.dims) {
        refuse(
            "its last layer's " + entry(*found->second) + " should be " + text_of(parameter.dims),
            torch::kSaveAgain);
      }
      values += engine::element_count(parameter.dims);
    }
    constexpr std::uint64_t kSmallestElement = 2;  // bytes, of those that are read
    if (static_cast<std::uint64_t>(values) > file_.size() / kSmallestElement) {
      refuse("its tensors claim more values than the file holds (they share their storages)",
             torch::kSaveAgain);
    }
  }

  void load_tensors() {
    for (const engine::Parameter& parameter : graph_.parameters()) {
      const auto found = by_name_.find(parameter.name);
      result_.tensors.emplace(parameter.name, found == by_name_.end()
                                                  ? engine::Tensor(parameter.dims)
                                                  : load(*found->second));
      if (found != by_name_.end()) note_name(*found->second, parameter.name);
      ++result_.report.tensors;
      result_.report.parameters += engine::element_count(parameter.dims);
    }
  }

  void note_name(const StoredTensor& tensor, const std::string& name) {
    std::string_view bare = tensor.name;
    if (bare.starts_with(network_.prefix)) bare.remove_prefix(network_.prefix.size());
    if (bare != name) result_.report.renamed.emplace_back(bare, name);
  }

  engine::Tensor load(const StoredTensor& tensor) {
    torch::LoadedValues loaded = checkpoint_.load(tensor);
    if (loaded.report.first_non_finite >= 0) {
      refuse("tensor " + printable(tensor.name) +
                 (tensor.dtype == DType::kF64 ? " is not finite in binary32" : " is not finite") +
                 " (element " + to_text(loaded.report.first_non_finite) + ")",
             "the training diverged or the file is damaged: take another checkpoint");
    }
    ConvertReport& report = result_.report;
    const auto values = static_cast<std::int64_t>(loaded.values.size());
    if (tensor.dtype == DType::kF64) report.from_binary64 += values;
    if (tensor.dtype == DType::kF16 || tensor.dtype == DType::kBF16) report.widened += values;
    report.rounded += loaded.report.rounded;
    report.negative_zeros += loaded.report.negative_zeros;
    report.largest_relative_change =
        std::max(report.largest_relative_change, loaded.largest_relative_change);
    return std::move(loaded.values);
  }

  // What the file does not say: names of classes and the recipe.
  void describe() {
    result_.class_names =
        options_.class_names.empty() ? default_class_names(result_.model) : options_.class_names;
    const std::int64_t logits = result_.model.classes;
    const auto names = static_cast<std::int64_t>(result_.class_names.size());
    if (names != logits && !(logits == 1 && names == 2)) {
      throw Error(ErrorKind::kUsage, where_,
                  "has " + to_text(logits) + (logits == 1 ? " logit" : " logits") + ", but " +
                      to_text(names) + (names == 1 ? " class name is" : " class names are") +
                      " given",
                  "pass one name for each logit, in their order (for a one-logit head: negative, "
                  "positive)");
    }
    result_.report.default_recipe = options_.recipe.is_null();
    result_.recipe =
        result_.report.default_recipe ? default_recipe(result_.model) : options_.recipe;
    result_.report.model = result_.model;
  }

  std::span<const std::byte> file_;
  std::string_view where_;
  const ConvertOptions& options_;
  Checkpoint checkpoint_;
  NetworkNames network_{};
  std::map<std::string, const StoredTensor*, std::less<>> by_name_;
  engine::Graph backbone_;  // with one class, until the head is known
  Head head_{};
  engine::Graph graph_;
  Conversion result_;
};

}  // namespace

Conversion convert(std::span<const std::byte> file, std::string_view where,
                   const ConvertOptions& options) {
  return Converter(file, where, options).run();
}

Conversion convert(const std::filesystem::path& path, const ConvertOptions& options) {
  const MappedFile file(path);
  return convert(file.bytes(), path.string(), options);
}

}  // namespace apatite::weights
