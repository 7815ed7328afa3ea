#include "image/dicom/pixels/dicom_levels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/math.h"
#include "base/text.h"

namespace apatite::image {
namespace {

// Values beyond this are no image, and below it no sum of two overflows.
constexpr double kLargest = 1e15;

std::string number(std::size_t value) { return to_text(static_cast<std::int64_t>(value)); }

[[noreturn]] void refuse(std::string_view where, const std::string& what, std::string_view remedy) {
  throw Error(ErrorKind::kBadFile, where, what, remedy);
}

// The entry for `input`, the first or last one beyond the ends.
double look_up(const DicomLut& lut, double input) {
  const double index = std::floor(input + 0.5) - static_cast<double>(lut.first);
  const double last = static_cast<double>(lut.table.size() - 1);
  return lut.table[static_cast<std::size_t>(std::clamp(index, 0.0, last))];
}

// The stored value whose bits, seen as unsigned, are `bits`.
std::int64_t stored_value(const DicomHeader& header, std::size_t bits) {
  const auto value = static_cast<std::int64_t>(bits);
  return value > header.greatest_stored() ? value - (std::int64_t{1} << header.bits_stored) : value;
}

double modality_value(const DicomHeader& header, const DicomOptions& options, std::int64_t stored) {
  const auto value = static_cast<double>(stored);
  if (!options.apply_modality) return value;
  if (header.modality_lut) return look_up(*header.modality_lut, value);
  if (!header.slope) return value;
  const double product = *header.slope * value;
  return product + *header.intercept;
}

struct LinearWindow {
  double center, width;  // of LINEAR already less a half and one
  double operator()(double m, double top) const {
    const double half = width / 2;
    if (m <= center - half) return 0;
    if (m > center + half) return top;
    return ((m - center) / width + 0.5) * top;
  }
};

struct SigmoidWindow {
  double center, width;
  double operator()(double m, double top) const {
    return top / (1 + exponential(-4 * (m - center) / width));
  }
};

// Which of several named things: the one with that number or that explanation.
template <class Thing>
std::size_t find_index(const std::vector<Thing>& things, const DicomIndex& which,
                       const std::string& kind, std::string_view where) {
  std::vector<std::string> names;
  for (const Thing& thing : things) names.push_back(quote(thing.explanation, 40));
  const std::string there =
      number(things.size()) + " " + kind + (things.empty() ? "" : " (" + join(names) + ")");
  if (const auto* index = std::get_if<std::int64_t>(&which)) {
    if (*index <= static_cast<std::int64_t>(things.size())) {
      return static_cast<std::size_t>(*index - 1);
    }
    refuse(where, "has " + there + " where the recipe names number " + to_text(*index),
           "name another in \"voi\", or \"none\"");
  }
  const auto& name = std::get<std::string>(which);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < things.size(); ++i) {
    if (things[i].explanation == name) found.push_back(i);
  }
  if (found.size() == 1) return found[0];
  refuse(where,
         "has " + there + (found.empty() ? ", none" : ", several") + " of which " +
             (found.empty() ? "is " : "are ") + quote(name, 40),
         "name it by number in \"voi\"");
}

std::string_view function_name(VoiFunction function) {
  switch (function) {
    case VoiFunction::kLinear:
      return "LINEAR";
    case VoiFunction::kLinearExact:
      return "LINEAR_EXACT";
    case VoiFunction::kSigmoid:
      return "SIGMOID";
  }
  return {};
}

// Step 2 on every value. `values` are those of step 1.
class Voi {
 public:
  Voi(const DicomHeader& header, const DicomOptions& options, std::string_view where,
      DicomPipeline& pipeline)
      : header_(header), options_(options), where_(where), pipeline_(pipeline) {}

  void operator()(const VoiNone&) const { pipeline_.voi = "none"; }
  void operator()(const VoiFirst&) const {
    if (!header_.voi_luts.empty()) {
      lut(0);
    } else if (!header_.windows.empty()) {
      window(0);
    } else {
      refuse(where_, "has neither a window nor a VOI LUT",
             "choose \"voi\": \"none\" or a window of your own in the recipe");
    }
  }
  void operator()(const VoiFileLut& choice) const {
    lut(find_index(header_.voi_luts, choice.which, "VOI LUTs", where_));
  }
  void operator()(const VoiFileWindow& choice) const {
    window(find_index(header_.windows, choice.which, "windows", where_));
  }
  void operator()(const VoiWindow& given) const {
    window({given.center, given.width, {}}, "window of the recipe");
  }

 private:
  void lut(std::size_t index) const {
    const DicomLut& lut = header_.voi_luts[index];
    pipeline_.voi = "VOI LUT " + number(index + 1) + " of " + number(header_.voi_luts.size());
    if (!lut.explanation.empty()) pipeline_.voi += " (" + lut.explanation + ")";
    for (double& value : pipeline_.values) value = look_up(lut, value);
    pipeline_.low = 0;
    pipeline_.high = (1 << lut.bits) - 1;
  }
  void window(std::size_t index) const {
    const DicomWindow& chosen = header_.windows[index];
    std::string name = "window " + number(index + 1) + " of " + number(header_.windows.size());
    if (!chosen.explanation.empty()) name += " (" + chosen.explanation + ")";
    window(chosen, name);
  }
  void window(const DicomWindow& window, const std::string& name) const {
    const VoiFunction function = options_.function.value_or(header_.function);
    pipeline_.voi = name + ": center " + to_text(window.center) + ", width " +
                    to_text(window.width) + ", " + std::string(function_name(function));
    const double least = function == VoiFunction::kLinear ? 1 : 0;
    if (window.width < least || window.width == 0) {
      refuse(where_,
             "has a window of the impossible width " + to_text(window.width) + " for " +
                 std::string(function_name(function)),
             "choose another in \"voi\"");
    }
    switch (function) {
      case VoiFunction::kLinear:
        return apply(LinearWindow{window.center - 0.5, window.width - 1});
      case VoiFunction::kLinearExact:
        return apply(LinearWindow{window.center, window.width});
      case VoiFunction::kSigmoid:
        return apply(SigmoidWindow{window.center, window.width});
    }
  }
  template <class Function>
  void apply(Function function) const {
    const double top = (1 << header_.bits_stored) - 1;
    for (double& value : pipeline_.values) value = function(value, top);
    pipeline_.low = 0;
    pipeline_.high = top;
  }

  const DicomHeader& header_;
  const DicomOptions& options_;
  std::string_view where_;
  DicomPipeline& pipeline_;
};

bool inverts(const DicomHeader& header, const DicomOptions& options, std::string_view where) {
  if (options.polarity != DicomPolarity::kFile) {
    return options.polarity == DicomPolarity::kInvert;
  }
  // Both say the same thing, and the standard demands that they agree (PS3.3 C.8.11.3.1.2).
  const bool monochrome1 = header.photometric == "MONOCHROME1";
  if (!header.presentation_shape.empty() &&
      (header.presentation_shape == "INVERSE") != monochrome1) {
    refuse(where,
           "is " + header.photometric + " with the Presentation LUT Shape " +
               header.presentation_shape + ", which contradict each other",
           "say in the recipe which is right: \"polarity\": \"keep\" or \"invert\"");
  }
  return monochrome1;
}

bool is_padding(const DicomHeader& header, std::int64_t stored) {
  if (!header.padding) return false;
  const std::int64_t limit = header.padding_limit.value_or(*header.padding);
  return stored >= std::min(*header.padding, limit) && stored <= std::max(*header.padding, limit);
}

// Word `index` of `frame`, in one load.
unsigned word_at(std::span<const std::byte> frame, std::size_t index) {
  if constexpr (std::endian::native == std::endian::little) {
    std::uint16_t word = 0;
    std::memcpy(&word, frame.data() + 2 * index, sizeof word);
    return word;
  }
  return load_little<std::uint16_t>(frame.data() + 2 * index);
}

// The stored bits of every sample.
template <class Visit>
void for_each_sample(std::span<const std::byte> frame, const DicomHeader& header, Visit visit) {
  const auto shift = static_cast<unsigned>(header.high_bit - header.bits_stored + 1);
  const unsigned mask = (1U << static_cast<unsigned>(header.bits_stored)) - 1;
  const std::size_t words = frame.size() / 2;
  if (header.bits_allocated == 8) {
    for (const std::byte sample : frame) visit(std::to_integer<unsigned>(sample) >> shift & mask);
  } else if (shift == 0) {
    for (std::size_t i = 0; i < words; ++i) visit(word_at(frame, i) & mask);
  } else {
    for (std::size_t i = 0; i < words; ++i) visit(word_at(frame, i) >> shift & mask);
  }
}

// The least and the greatest value that the image has, without its padding; empty if all is.
std::optional<RangeBounds> bounds_of_data(const DicomPipeline& pipeline,
                                          std::span<const std::byte> frame,
                                          const DicomHeader& header, bool with_padding) {
  std::vector<char> present(pipeline.values.size(), 0);
  for_each_sample(frame, header, [&](unsigned bits) { present[bits] = 1; });
  std::optional<RangeBounds> bounds;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i] == 0 || (!with_padding && is_padding(header, stored_value(header, i)))) continue;
    const double value = pipeline.values[i];
    if (!bounds) bounds = {value, value};
    bounds->low = std::min(bounds->low, value);
    bounds->high = std::max(bounds->high, value);
  }
  return bounds;
}

RangeBounds chosen_bounds(const DicomPipeline& pipeline, std::span<const std::byte> frame,
                          const DicomHeader& header, const DicomOptions& options,
                          std::string_view where) {
  if (const auto* bounds = std::get_if<RangeBounds>(&options.range)) return *bounds;
  if (!std::holds_alternative<RangeData>(options.range)) return {pipeline.low, pipeline.high};
  const auto bounds = bounds_of_data(pipeline, frame, header, !options.padding_black);
  if (!bounds || bounds->low == bounds->high) {
    refuse(where, "has the same value everywhere, which gives no range",
           "choose another \"range\" in the recipe");
  }
  return *bounds;
}

// The output for every stored value; `most` is the largest integer of T.
template <class T>
std::vector<T> scaled(const DicomPipeline& pipeline, RangeBounds bounds) {
  std::vector<T> table;
  table.reserve(pipeline.values.size());
  for (const double value : pipeline.values) {
    const double t = std::clamp((value - bounds.low) / (bounds.high - bounds.low), 0.0, 1.0);
    if constexpr (std::is_integral_v<T>) {
      table.push_back(static_cast<T>(std::floor(t * std::numeric_limits<T>::max() + 0.5)));
    } else {
      table.push_back(static_cast<T>(t) + 0.0F);  // + 0: no -0
    }
  }
  return table;
}

template <class T>
std::vector<T> unscaled(const DicomPipeline& pipeline, std::span<const std::byte> frame,
                        const DicomHeader& header, std::string_view where) {
  std::vector<T> table;
  table.reserve(pipeline.values.size());
  if constexpr (std::is_integral_v<T>) {
    constexpr double kMost = std::numeric_limits<T>::max();
    const RangeBounds bounds = bounds_of_data(pipeline, frame, header, true).value();
    if (std::floor(bounds.low + 0.5) < 0 || std::floor(bounds.high + 0.5) > kMost) {
      refuse(where,
             "has values from " + to_text(bounds.low) + " to " + to_text(bounds.high) +
                 ", which do not fit the output of " + to_text(std::int64_t{8 * sizeof(T)}) +
                 " bits",
             "choose another \"range\" or \"output\" in the recipe");
    }
    for (const double value : pipeline.values) {
      table.push_back(static_cast<T>(std::clamp(std::floor(value + 0.5), 0.0, kMost)));
    }
  } else {
    for (const double value : pipeline.values) table.push_back(static_cast<T>(value) + 0.0F);
  }
  return table;
}

template <class T>
Image mapped(const DicomPipeline& pipeline, std::span<const std::byte> frame,
             const DicomHeader& header, const DicomOptions& options, std::string_view where) {
  const std::vector<T> table =
      std::holds_alternative<RangeValues>(options.range)
          ? unscaled<T>(pipeline, frame, header, where)
          : scaled<T>(pipeline, chosen_bounds(pipeline, frame, header, options, where));
  Image image = make_image<T>(header.rows, header.columns, 1, std::string(where));
  T* to = image.values<T>().data();
  for_each_sample(frame, header, [&](unsigned bits) { *to++ = table[bits]; });
  return image;
}

}  // namespace

DicomPipeline dicom_pipeline(const DicomHeader& header, const DicomOptions& options,
                             std::string_view where) {
  DicomPipeline pipeline;
  const std::size_t count = std::size_t{1} << static_cast<unsigned>(header.bits_stored);
  pipeline.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    pipeline.values.push_back(modality_value(header, options, stored_value(header, i)));
  }
  const auto [low, high] = std::minmax_element(pipeline.values.begin(), pipeline.values.end());
  pipeline.low = *low;
  pipeline.high = *high;
  if (!(pipeline.low < pipeline.high) || pipeline.low < -kLargest || pipeline.high > kLargest) {
    refuse(where,
           "has a rescale or modality LUT that leads to values from " + to_text(pipeline.low) +
               " to " + to_text(pipeline.high),
           "leave it out with \"modality\": \"ignore\" if it is wrong");
  }
  std::visit(Voi(header, options, where, pipeline), options.voi);
  pipeline.inverted = inverts(header, options, where);
  if (pipeline.inverted) {
    for (double& value : pipeline.values) value = pipeline.low + pipeline.high - value;
  }
  if (options.padding_black) {
    for (std::size_t i = 0; i < count; ++i) {
      if (is_padding(header, stored_value(header, i))) pipeline.values[i] = pipeline.low;
    }
  }
  return pipeline;
}

Image apply_dicom_pipeline(const DicomPipeline& pipeline, std::span<const std::byte> frame,
                           const DicomHeader& header, const DicomOptions& options,
                           std::string_view where) {
  switch (options.output_bits) {
    case 8:
      return mapped<std::uint8_t>(pipeline, frame, header, options, where);
    case 16:
      return mapped<std::uint16_t>(pipeline, frame, header, options, where);
    default:
      return mapped<float>(pipeline, frame, header, options, where);
  }
}

}  // namespace apatite::image
