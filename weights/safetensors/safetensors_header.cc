#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "weights/safetensors/safetensors.h"

namespace apatite::weights {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;
constexpr std::size_t kMaxRank = 16;
constexpr std::size_t kMaxMetadata = 65'536;  // a small text takes much more memory than its bytes
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 48U;  // as element_count()
constexpr std::string_view kMetadataName = "__metadata__";
constexpr std::string_view kDamaged =
    "the file is damaged, or not written by the rules of the format";
constexpr std::string_view kOtherFormat =
    "pass a safetensors file (`apatite convert` makes one from .pth, .pt or .th)";

std::string number(std::uint64_t value) { return std::to_string(value); }

// "[begin, end)"
std::string range(std::uint64_t begin, std::uint64_t end) {
  std::string text("[");
  return text.append(number(begin)).append(", ").append(number(end)).append(")");
}

// Reads the header's JSON event by event, so that nothing is kept but the entries themselves.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(std::string_view where) : where_(where) {}

  SafetensorsHeader finish() && { return std::move(header_); }

  bool null() override { return unexpected("null"); }
  bool boolean(bool value) override { return unexpected(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return unexpected("the number " + to_text(value));
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return unexpected("the number " + quote(text));
  }
  bool binary(binary_t& /*value*/) override { return unexpected("binary data"); }
  bool number_unsigned(number_unsigned_t value) override;
  bool string(string_t& value) override;
  bool key(string_t& name) override;
  bool start_object(std::size_t /*size*/) override;
  bool end_object() override;
  bool start_array(std::size_t /*size*/) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    refuse("its header is not valid JSON at byte " + number(position) + " of the header");
  }

 private:
  // What the next event must be or belong to.
  enum class State {
    kRoot,
    kNames,
    kEntry,
    kFields,
    kDtype,
    kShape,
    kDims,
    kOffsets,
    kRange,
    kMetadata,
    kMetadataKeys,
    kMetadataText
  };

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_, what, kDamaged);
  }
  bool unexpected(const std::string& found) const;
  void start_field(const std::string& name);
  void finish_entry();
  void set_once(bool& seen, std::string_view field) const {
    if (seen) refuse("tensor " + quote(entry_.name) + " has the field " + quote(field) + " twice");
    seen = true;
  }

  std::string_view where_;
  SafetensorsHeader header_;
  State state_ = State::kRoot;
  bool metadata_seen_ = false;
  std::string metadata_key_;
  TensorEntry entry_;  // the one being read
  std::size_t offsets_ = 0;
  bool dtype_seen_ = false;
  bool shape_seen_ = false;
  bool offsets_seen_ = false;
};

bool HeaderReader::unexpected(const std::string& found) const {
  const std::string of = " of tensor " + quote(entry_.name);
  switch (state_) {
    case State::kEntry:
      refuse("the entry" + of + " must be an object, but is " + found);
    case State::kDtype:
      refuse("\"dtype\"" + of + " must be a string, but is " + found);
    case State::kShape:
    case State::kDims:
      refuse("\"shape\"" + of + " must be an array of sizes from 0 to 2^48, but has " + found);
    case State::kOffsets:
    case State::kRange:
      refuse("\"data_offsets\"" + of + " must be two unsigned 64-bit integers, but has " + found);
    case State::kMetadata:
      refuse("\"__metadata__\" must be an object, but is " + found);
    case State::kMetadataText:
      refuse("metadata " + quote(metadata_key_) + " must be a string, but is " + found);
    default:
      refuse("its header must be an object of tensors, but has " + found);
  }
}

bool HeaderReader::number_unsigned(number_unsigned_t value) {
  if (state_ == State::kDims && value <= kMaxElements) {
    if (entry_.dims.size() == kMaxRank) unexpected("more than 16 sizes");
    entry_.dims.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  if (state_ == State::kRange && offsets_ < 2) {
    (offsets_ == 0 ? entry_.begin : entry_.end) = value;
    ++offsets_;
    return true;
  }
  return unexpected("the number " + number(value));
}

bool HeaderReader::string(string_t& value) {
  if (state_ == State::kMetadataText) {
    header_.metadata.emplace(std::move(metadata_key_), std::move(value));
    state_ = State::kMetadataKeys;
    return true;
  }
  if (state_ != State::kDtype) return unexpected("the text " + quote(value));
  const std::optional<DType> dtype = find_dtype(value);
  if (!dtype) refuse("tensor " + quote(entry_.name) + " has the unknown dtype " + quote(value));
  entry_.dtype = *dtype;
  state_ = State::kFields;
  return true;
}

bool HeaderReader::key(string_t& name) {
  if (state_ == State::kFields) {
    start_field(name);
  } else if (state_ == State::kMetadataKeys) {
    if (header_.metadata.size() == kMaxMetadata) refuse("metadata has more than 65536 keys");
    if (header_.metadata.contains(name)) refuse("metadata has the key " + quote(name) + " twice");
    metadata_key_ = std::move(name);
    state_ = State::kMetadataText;
  } else if (name == kMetadataName) {
    if (metadata_seen_) refuse("its header has the key \"__metadata__\" twice");
    metadata_seen_ = true;
    state_ = State::kMetadata;
  } else {
    entry_ = TensorEntry();
    entry_.name = std::move(name);
    dtype_seen_ = shape_seen_ = offsets_seen_ = false;
    state_ = State::kEntry;
  }
  return true;
}

void HeaderReader::start_field(const std::string& name) {
  if (name == "dtype") {
    set_once(dtype_seen_, name);
    state_ = State::kDtype;
  } else if (name == "shape") {
    set_once(shape_seen_, name);
    state_ = State::kShape;
  } else if (name == "data_offsets") {
    set_once(offsets_seen_, name);
    state_ = State::kOffsets;
  } else {
    refuse("tensor " + quote(entry_.name) + " has the unknown field " + quote(name));
  }
}

bool HeaderReader::start_object(std::size_t /*size*/) {
  switch (state_) {
    case State::kRoot:
      state_ = State::kNames;
      return true;
    case State::kEntry:
      state_ = State::kFields;
      return true;
    case State::kMetadata:
      state_ = State::kMetadataKeys;
      return true;
    default:
      return unexpected("an object");
  }
}

bool HeaderReader::end_object() {
  if (state_ == State::kFields) finish_entry();
  state_ = State::kNames;
  return true;
}

bool HeaderReader::start_array(std::size_t /*size*/) {
  if (state_ == State::kShape) {
    state_ = State::kDims;
  } else if (state_ == State::kOffsets) {
    offsets_ = 0;
    state_ = State::kRange;
  } else {
    return unexpected("an array");
  }
  return true;
}

bool HeaderReader::end_array() {
  if (state_ == State::kRange && offsets_ != 2) unexpected(number(offsets_) + " of them");
  state_ = State::kFields;
  return true;
}

void HeaderReader::finish_entry() {
  if (!dtype_seen_ || !shape_seen_ || !offsets_seen_) {
    const std::string_view missing =
        !dtype_seen_ ? "dtype" : (!shape_seen_ ? "shape" : "data_offsets");
    refuse("tensor " + quote(entry_.name) + " lacks the field " + quote(missing));
  }
  entry_.dims.shrink_to_fit();
  header_.tensors.push_back(std::move(entry_));
}

// Elements of a shape whose sizes are each at most 2^48; nothing if there are more than 2^48.
std::optional<std::uint64_t> checked_count(const engine::Dims& dims) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : dims) {
    const auto size = static_cast<std::uint64_t>(dim);
    if (size > 0 && count > kMaxElements / size) return std::nullopt;
    count *= size;
  }
  return count;
}

void check_entry(const TensorEntry& entry, std::uint64_t data_size, std::string_view where) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kBadFile, where, "tensor " + quote(entry.name) + " " + what, kDamaged);
  };
  const std::string offsets = "data_offsets " + range(entry.begin, entry.end);
  if (entry.begin > entry.end) refuse("ends before it begins: " + offsets);
  if (entry.end > data_size) {
    refuse("is truncated: " + offsets + ", but only " + number(data_size) +
           " bytes follow the header");
  }
  const std::optional<std::uint64_t> count = checked_count(entry.dims);
  if (!count) refuse("has the impossible shape " + engine::to_text(std::span(entry.dims)));
  const std::uint64_t bits = *count * static_cast<std::uint64_t>(dtype_bits(entry.dtype));
  if (bits % 8 != 0) {
    refuse("of " + std::string(dtype_name(entry.dtype)) + " " +
           engine::to_text(std::span(entry.dims)) + " fills no whole number of bytes");
  }
  if (bits / 8 != entry.end - entry.begin) {
    refuse("of " + std::string(dtype_name(entry.dtype)) + " " +
           engine::to_text(std::span(entry.dims)) + " needs " + number(bits / 8) +
           " bytes, but its " + offsets + " hold " + number(entry.end - entry.begin));
  }
}

// Together the tensors are the data: no overlap, no hole, no byte left over.
void check_layout(const std::vector<TensorEntry>& tensors, std::uint64_t data_size,
                  std::string_view where) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(tensors[a].begin, tensors[a].end) <
           std::pair(tensors[b].begin, tensors[b].end);
  });
  std::uint64_t covered = 0;
  const TensorEntry* previous = nullptr;
  for (const std::size_t index : order) {
    const TensorEntry& entry = tensors[index];
    if (entry.begin < covered) {
      throw Error(ErrorKind::kBadFile, where,
                  "tensors " + quote(previous->name) + " and " + quote(entry.name) +
                      " overlap: one ends at byte " + number(covered) +
                      " of the data, the other begins at " + number(entry.begin),
                  kDamaged);
    }
    if (entry.begin > covered) {
      throw Error(ErrorKind::kBadFile, where,
                  "no tensor owns the bytes " + range(covered, entry.begin) +
                      " of the data, before tensor " + quote(entry.name),
                  kDamaged);
    }
    covered = entry.end;
    previous = &entry;
  }
  if (covered < data_size) {
    throw Error(ErrorKind::kBadFile, where,
                number(data_size - covered) + " bytes are left over after the last tensor",
                kDamaged);
  }
}

// The text of the header, its length checked against the file.
std::string_view header_text(std::span<const std::byte> file, std::string_view where) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kBadFile, where, what, kOtherFormat);
  };
  if (file.empty()) refuse("is empty");
  if (file.size() < kLengthBytes) {
    refuse("has only " + number(file.size()) + " bytes, fewer than the header's length takes");
  }
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  const std::uint64_t rest = file.size() - kLengthBytes;
  if (length > rest) {
    refuse("is truncated or not safetensors: it announces a header of " + number(length) +
           " bytes, but only " + number(rest) + " follow");
  }
  if (length > kMaxHeader) {
    refuse("announces a header of " + number(length) + " bytes, more than the format's limit of " +
           number(kMaxHeader));
  }
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes,
                              static_cast<std::size_t>(length));
  if (!text.starts_with('{')) refuse("is not safetensors: its header does not begin with '{'");
  return text;
}

}  // namespace

SafetensorsHeader parse_safetensors(std::span<const std::byte> file, std::string_view where) {
  const std::string_view text = header_text(file, where);
  HeaderReader reader(where);
  parse_json(text, where, reader);
  SafetensorsHeader header = std::move(reader).finish();
  header.data_begin = kLengthBytes + text.size();

  auto& tensors = header.tensors;
  const auto by_name = [](const TensorEntry& a, const TensorEntry& b) { return a.name < b.name; };
  std::sort(tensors.begin(), tensors.end(), by_name);
  const auto twice =
      std::adjacent_find(tensors.begin(), tensors.end(),
                         [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != tensors.end()) {
    throw Error(ErrorKind::kBadFile, where, "tensor " + quote(twice->name) + " is there twice",
                kDamaged);
  }
  const std::uint64_t data_size = file.size() - header.data_begin;
  for (const TensorEntry& entry : tensors) check_entry(entry, data_size, where);
  check_layout(tensors, data_size, where);
  return header;
}

}  // namespace apatite::weights
