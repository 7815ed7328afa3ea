#include "image/codec/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace apatite::image {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are read as they lie");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = 10'000;  // numpy's own limit
constexpr std::size_t kMaxDimensions = 8;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct TypeName {
  std::string_view descr;
  NpyHeader::Type type;
  std::size_t size;
};
constexpr std::array kTypes{
    TypeName{"<f4", NpyHeader::Type::kFloat32, 4}, TypeName{"<f8", NpyHeader::Type::kFloat64, 8},
    TypeName{"|u1", NpyHeader::Type::kUint8, 1},   TypeName{"<u1", NpyHeader::Type::kUint8, 1},
    TypeName{"<u2", NpyHeader::Type::kUint16, 2},
};

const TypeName& find_type(std::string_view descr, std::string_view where) {
  for (const TypeName& type : kTypes) {
    if (type.descr == descr) return type;
  }
  throw Error(ErrorKind::kBadFile, where,
              "has elements of the NumPy type '" + std::string(descr) + "'",
              "store '<f4', '<f8', '|u1' or '<u2'");
}

// The header's text: a Python dict literal with exactly the keys descr, fortran_order and shape, in
// any order, padded with spaces, ending with a line feed. Nothing else that Python would take.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  struct Result {
    std::string_view descr;
    bool fortran_order = false;
    engine::Dims dims;
  };

  Result parse() {
    Result result;
    std::array<bool, 3> seen{};
    expect("{");
    while (!accept("}")) {
      const std::string_view key = string();
      expect(":");
      if (key == "descr") {
        once(seen[0]);
        result.descr = string();
      } else if (key == "fortran_order") {
        once(seen[1]);
        result.fortran_order = boolean();
      } else if (key == "shape") {
        once(seen[2]);
        result.dims = tuple();
      } else {
        refuse();
      }
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    if (!seen[0] || !seen[1] || !seen[2] || text_ != "\n") refuse();
    return result;
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(ErrorKind::kBadFile, where_, "has a damaged .npy header",
                "write the file again with numpy.save");
  }
  void skip_spaces() {
    const std::size_t count = std::min(text_.find_first_not_of(' '), text_.size());
    text_.remove_prefix(count);
  }
  // Spaces may come before a token, and after the last one.
  bool accept(std::string_view token) {
    skip_spaces();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    skip_spaces();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) refuse();
  }
  void once(bool& seen) const {
    if (seen) refuse();
    seen = true;
  }
  std::string_view string() {
    skip_spaces();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) refuse();
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) refuse();
    const std::string_view content = text_.substr(1, end - 1);
    if (content.find('\\') != std::string_view::npos) refuse();
    text_.remove_prefix(end + 1);
    return content;
  }
  bool boolean() {
    if (accept("True")) return true;
    expect("False");
    return false;
  }
  std::int64_t integer() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0 || text_[0] == '-') refuse();
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }
  // () or (n,) or (n, m, ...) with an optional last comma.
  engine::Dims tuple() {
    engine::Dims dims;
    expect("(");
    while (!accept(")")) {
      if (dims.size() == kMaxDimensions) refuse();
      dims.push_back(integer());
      if (!accept(",")) {
        expect(")");
        if (dims.size() == 1) refuse();  // (3) is an integer in Python
        break;
      }
    }
    return dims;
  }

  std::string_view text_;
  std::string_view where_;
};

[[noreturn]] void refuse_cut(std::string_view where) {
  throw Error(ErrorKind::kBadFile, where, "ends within its .npy header", "copy the file again");
}

// (H, W), (C, H, W) and (1, C, H, W) as C, H, W.
engine::Shape tensor_shape(const engine::Dims& dims, std::string_view where) {
  const std::size_t rank = dims.size();
  const bool image = (rank == 2 || rank == 3 || (rank == 4 && dims[0] == 1)) &&
                     std::all_of(dims.begin(), dims.end(), [](std::int64_t d) { return d > 0; });
  if (!image) {
    throw Error(ErrorKind::kBadFile, where, "holds an array of shape " + engine::to_text(dims),
                "store one image: HxW, CxHxW or 1xCxHxW");
  }
  return {rank == 2 ? 1 : dims[rank - 3], dims[rank - 2], dims[rank - 1]};
}

// Strides in elements of an array of `dims`.
engine::Dims strides_of(const engine::Dims& dims, bool fortran_order) {
  engine::Dims strides(dims.size());
  std::int64_t step = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t axis = fortran_order ? i : dims.size() - 1 - i;
    strides[axis] = step;
    step *= dims[axis];
  }
  return strides;
}

// The three axes of a picture: sizes and strides, outermost first.
struct Axes {
  engine::Dims dims;
  engine::Dims strides;

  // With the axes in the order `first`, `second`, `third`.
  [[nodiscard]] Axes permuted(std::size_t first, std::size_t second, std::size_t third) const {
    return {{dims[first], dims[second], dims[third]},
            {strides[first], strides[second], strides[third]}};
  }
};

// The last three axes; a missing first one has size 1.
Axes last_three_axes(const NpyHeader& header) {
  Axes axes{header.dims, strides_of(header.dims, header.fortran_order)};
  if (axes.dims.size() == 4) {
    axes.dims.erase(axes.dims.begin());
    axes.strides.erase(axes.strides.begin());
  } else if (axes.dims.size() == 2) {
    axes.dims.insert(axes.dims.begin(), 1);
    axes.strides.insert(axes.strides.begin(), 0);
  }
  return axes;
}

// Elements of type From in the order of `axes`, each through `convert`, to consecutive elements.
template <class From, class To, class Convert>
void gather(std::span<const std::byte> data, const Axes& axes, To* to, const Convert& convert) {
  for (std::int64_t i = 0; i < axes.dims[0]; ++i) {
    for (std::int64_t j = 0; j < axes.dims[1]; ++j) {
      const std::int64_t row = i * axes.strides[0] + j * axes.strides[1];
      for (std::int64_t k = 0; k < axes.dims[2]; ++k) {
        From element;  // the data need not be aligned
        const auto index = static_cast<std::size_t>(row + k * axes.strides[2]);
        std::memcpy(&element, data.data() + index * sizeof(From), sizeof(From));
        *to++ = convert(element);
      }
    }
  }
}

// The axes of an integer array as height, width, channels.
Axes picture_axes(const NpyHeader& header, std::string_view where) {
  const Axes axes = last_three_axes(header);
  const auto is_channels = [](std::int64_t size) { return size >= 1 && size <= 4; };
  if (header.dims.size() == 2) return axes.permuted(1, 2, 0);
  const bool first = is_channels(axes.dims[0]);
  const bool last = is_channels(axes.dims[2]);
  if (first == last) {
    throw Error(ErrorKind::kBadFile, where,
                "holds an array of shape " + engine::to_text(header.dims) + " whose channels are " +
                    (first ? "ambiguous" : "not 1 to 4"),
                "store HxW, HxWxC or CxHxW with 1 to 4 channels, or a PNG");
  }
  return first ? axes.permuted(1, 2, 0) : axes;
}

template <class T>
Image decode_picture(std::span<const std::byte> data, const Axes& axes, std::string_view where) {
  Image image = make_image<T>(axes.dims[0], axes.dims[1], axes.dims[2], std::string(where));
  gather<T>(data, axes, image.values<T>().data(), [](T sample) { return sample; });
  return image;
}

}  // namespace

bool is_npy(std::span<const std::byte> file) { return as_text(file).starts_with(kMagic); }

NpyHeader read_npy_header(std::span<const std::byte> file, std::string_view where) {
  const std::string_view text = as_text(file);
  if (!is_npy(file)) {
    throw Error(ErrorKind::kBadFile, where, "is not a .npy file", "write it with numpy.save");
  }
  if (text.size() < kMagic.size() + 2) refuse_cut(where);
  const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(file[i]); };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3 || byte(7) != 0) {
    throw Error(ErrorKind::kBadFile, where, "has an unknown version of .npy",
                "versions 1.0, 2.0 and 3.0 are read");
  }
  const std::size_t start = version == 1 ? 10 : 12;
  if (text.size() < start) refuse_cut(where);
  std::size_t length = byte(8) | byte(9) << 8U;
  if (version > 1) length |= byte(10) << 16U | byte(11) << 24U;
  if (length > kMaxHeader) {
    throw Error(
        ErrorKind::kBadFile, where,
        "has a .npy header of " + with_thousands(static_cast<std::int64_t>(length)) + " bytes",
        "write the file again with numpy.save");
  }
  if (text.size() - start < length) refuse_cut(where);
  auto parsed = HeaderParser(text.substr(start, length), where).parse();
  const TypeName& type = find_type(parsed.descr, where);

  NpyHeader header{type.type, parsed.fortran_order, std::move(parsed.dims), start + length};
  const auto expected = static_cast<std::size_t>(engine::element_count(header.dims)) * type.size;
  const std::size_t present = file.size() - header.data_offset;
  if (present != expected) {
    throw Error(ErrorKind::kBadFile, where,
                "has " + with_thousands(static_cast<std::int64_t>(present)) +
                    " bytes of elements where its shape " + engine::to_text(header.dims) +
                    " needs " + with_thousands(static_cast<std::int64_t>(expected)),
                "copy the file again");
  }
  return header;
}

bool is_npy_tensor(std::span<const std::byte> file, std::string_view where) {
  if (!is_npy(file)) return false;
  const NpyHeader::Type type = read_npy_header(file, where).type;
  return type == NpyHeader::Type::kFloat32 || type == NpyHeader::Type::kFloat64;
}

NpyTensor decode_npy_tensor(std::span<const std::byte> file, std::string_view where) {
  const NpyHeader header = read_npy_header(file, where);
  const engine::Shape shape = tensor_shape(header.dims, where);
  const auto data = file.subspan(header.data_offset);
  const Axes axes = last_three_axes(header);
  NpyTensor result;
  result.tensor = engine::Tensor::uninitialized(shape.with_batch(1));
  if (header.type == NpyHeader::Type::kFloat32) {
    gather<float>(data, axes, result.tensor.data(), [](float x) { return x; });
  } else if (header.type == NpyHeader::Type::kFloat64) {
    gather<double>(data, axes, result.tensor.data(), [&](double x) {
      // The cast of a finite value beyond binary32 rounds to infinity (IEEE 754), refused below.
      const auto rounded = static_cast<float>(x);
      result.rounded += static_cast<double>(rounded) == x ? 0 : 1;
      return rounded;
    });
  } else {
    throw Error(ErrorKind::kBadFile, where,
                "holds integers, not a tensor of floating-point numbers",
                "it is read as an image, through a recipe");
  }
  const engine::CanonicalReport report = engine::canonicalize(result.tensor.values());
  if (report.first_non_finite >= 0) {
    const std::int64_t i = report.first_non_finite;
    const std::int64_t plane = shape.height * shape.width;
    throw Error(ErrorKind::kBadFile, where,
                "holds " + to_text(result.tensor.data()[i]) + " (as binary32) at channel " +
                    to_text(i / plane) + ", row " + to_text(i % plane / shape.width) + ", column " +
                    to_text(i % shape.width),
                "every element must be finite");
  }
  result.negative_zeros = report.negative_zeros;
  return result;
}

Image decode_npy_image(std::span<const std::byte> file, std::string_view where) {
  const NpyHeader header = read_npy_header(file, where);
  tensor_shape(header.dims, where);
  const auto data = file.subspan(header.data_offset);
  switch (header.type) {
    case NpyHeader::Type::kUint8:
      return decode_picture<std::uint8_t>(data, picture_axes(header, where), where);
    case NpyHeader::Type::kUint16:
      return decode_picture<std::uint16_t>(data, picture_axes(header, where), where);
    default:
      throw Error(ErrorKind::kBadFile, where,
                  "holds floating-point numbers, which are a network's input, not an image",
                  "pass it where a tensor is taken, or store uint8 or uint16");
  }
}

std::string encode_npy(const engine::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : tensor.dims()) sizes.push_back(to_text(size));
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  header += join(sizes);
  header += sizes.size() == 1 ? ",), }" : "), }";
  // numpy pads magic, version, length and header to a multiple of 64.
  const std::size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((64 - unpadded % 64) % 64, ' ');
  header += '\n';
  std::string file(kMagic);
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U);
  file += header;
  file += as_text(std::as_bytes(tensor.values()));
  return file;
}

void write_npy(const std::filesystem::path& path, const engine::Tensor& tensor) {
  write_file(path, encode_npy(tensor));
}

}  // namespace apatite::image
