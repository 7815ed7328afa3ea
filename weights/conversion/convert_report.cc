#include "base/json.h"
#include "base/text.h"
#include "weights/conversion/convert.h"
#include "weights/torch/refusal.h"

namespace apatite::weights {
namespace {

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return with_thousands(count) + " " + std::string(count == 1 ? one : many);
}

std::string in_quotes(std::string_view text) { return '"' + torch::printable(text) + '"'; }

std::string network_line(const ConvertReport& report) {
  std::string line = report.recognised ? "recognised: " : "network: ";
  line += report.model.architecture;
  if (!report.model.options.empty()) line += " " + report.model.options.dump();
  line += ", " + counted(report.model.classes, "class", "classes") + ", " +
          counted(report.model.input_channels, "input channel", "input channels");
  return line;
}

std::string rounding_line(const ConvertReport& report) {
  std::string line = "binary64: " + with_thousands(report.rounded) + " of " +
                     counted(report.from_binary64, "value", "values") + " rounded to binary32";
  if (report.rounded > 0) {
    line += ", the largest relative change is " + to_text(report.largest_relative_change);
  }
  return line;
}

}  // namespace

std::vector<std::string> ConvertReport::lines() const {
  std::vector<std::string> lines;
  lines.push_back("read: " + format + " format, state dict at " +
                  (key.empty() ? "the outermost dict" : "key " + in_quotes(key)));
  lines.push_back(network_line(*this));
  if (!assumption.empty()) lines.push_back("assumed: " + assumption);
  lines.push_back("tensors: " + with_thousands(tensors) + " with " +
                  counted(parameters, "value", "values"));
  if (!prefix.empty()) lines.push_back("prefix: removed " + in_quotes(prefix));
  if (!renamed.empty()) {
    lines.push_back(
        "renamed: " + counted(static_cast<std::int64_t>(renamed.size()), "tensor", "tensors") +
        ", e.g. " + torch::printable(renamed.back().first) + " to " + renamed.back().second);
  }
  if (dropped_counters > 0) {
    lines.push_back("dropped: " + counted(dropped_counters, "counter", "counters") +
                    " num_batches_tracked");
  }
  if (!ignored.empty()) {
    lines.push_back(
        "ignored: " + counted(static_cast<std::int64_t>(ignored.size()), "entry", "entries") +
        " of other types than tensor, e.g. " + in_quotes(ignored.front()));
  }
  if (added_bias) lines.emplace_back("head: has no bias; zeros stand for it");
  if (widened > 0) {
    lines.push_back("half precision: " + counted(widened, "value", "values") +
                    " widened to binary32, exactly");
  }
  if (from_binary64 > 0) lines.push_back(rounding_line(*this));
  if (negative_zeros > 0) {
    lines.push_back("zeros: " + counted(negative_zeros, "value -0", "values -0") + " became +0");
  }
  if (default_recipe) {
    lines.push_back("recipe: none given, the usual one of " + model.architecture +
                    " is used; check that the network was trained with it");
  }
  return lines;
}

}  // namespace apatite::weights
