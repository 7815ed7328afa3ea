#include "image/codec/png.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "image/codec/exif.h"
#include "image/codec/png_chunks.h"

namespace apatite::image {
namespace {

// libpng leaves a failed call by longjmp, which must not jump over a C++ object with a destructor.
// So the functions that call libpng under setjmp (`read_rows`, `write_rows`, marked noexcept) have
// trivial locals only; what they fill is owned by their caller and lies here.
struct Session {
  std::array<char, 160> message{};  // the first error or warning; empty: none
  png_structp png = nullptr;
  png_infop info = nullptr;

  void note(const char* text) {
    if (message[0] == '\0') std::strncpy(message.data(), text, message.size() - 1);
  }
};

Session& session_of(png_structp png) { return *static_cast<Session*>(png_get_error_ptr(png)); }

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  session_of(png).note(text);
  png_longjmp(png, 1);
}

void on_warning(png_structp png, png_const_charp text) { session_of(png).note(text); }

// ---- Reading

struct ReadSession : Session {
  std::span<const std::span<const std::byte>> parts;
  std::size_t part = 0;
  std::size_t offset = 0;  // in the part

  ReadSession() = default;
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;
  ~ReadSession() { png_destroy_read_struct(&png, &info, nullptr); }
};

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto& session = *static_cast<ReadSession*>(png_get_io_ptr(png));
  while (count > 0) {
    if (session.part == session.parts.size()) png_error(png, "the data ends too early");
    const std::span<const std::byte> part = session.parts[session.part];
    const std::size_t taken = std::min(count, part.size() - session.offset);
    std::memcpy(to, part.data() + session.offset, taken);
    to += taken;
    count -= taken;
    session.offset += taken;
    if (session.offset == part.size()) {
      ++session.part;
      session.offset = 0;
    }
  }
}

// What read_rows fills: `height` rows of `row_bytes` bytes at `pixels`.
struct RowTarget {
  std::byte* pixels;
  std::size_t row_bytes;
  std::int64_t height;
};

// Everything that calls libpng. False after an error; the session has the message.
bool read_rows(ReadSession& session, const PngHeader& header, std::size_t data_bytes,
               const RowTarget& target) noexcept {
  png_structp png = session.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &session, on_read);
  png_set_benign_errors(png, 0);
  // The chunk CRCs are checked already (png_chunks.h).
  png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
  // All data in one go (see read_pixels): libpng looks for the end of the zlib stream and its
  // Adler-32 only in the buffer after the one that completes the last row.
  png_set_chunk_malloc_max(png, 0);
  png_set_compression_buffer_size(png, data_bytes);
  png_read_info(png, session.info);
  if (header.colour_type == PngHeader::kPalette) {
    png_set_packing(png);  // one index per byte; expand_palette does the rest
  } else {
    if (header.bit_depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, session.info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
    if (header.bit_depth == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  }
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, session.info);
  if (png_get_rowbytes(png, session.info) != target.row_bytes) {
    png_error(png, "the rows have another size than expected");
  }
  for (int pass = 0; pass < passes; ++pass) {
    for (std::int64_t y = 0; y < target.height; ++y) {
      auto* row = reinterpret_cast<png_bytep>(target.pixels) +
                  static_cast<std::size_t>(y) * target.row_bytes;
      png_read_row(png, row, nullptr);
    }
  }
  png_read_end(png, nullptr);
  return session.message[0] == '\0';
}

std::int64_t channels_of(const PngChunks& chunks) {
  const std::int64_t alpha = chunks.transparency.empty() ? 0 : 1;
  switch (chunks.header.colour_type) {
    case PngHeader::kGrey:
      return 1 + alpha;
    case PngHeader::kGreyAlpha:
      return 2;
    case PngHeader::kRgbAlpha:
      return 4;
    default:
      return 3 + alpha;
  }
}

[[noreturn]] void refuse(std::string_view where, const Session& session) {
  throw Error(ErrorKind::kBadFile, where,
              std::string("is a damaged PNG file (libpng: ") + session.message.data() + ")",
              "export or copy it again");
}

std::array<std::byte, 8> data_chunk_header(std::int64_t size) {
  std::array<std::byte, 8> bytes{};
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(size >> (24 - 8 * i) & 0xFF);
  std::memcpy(bytes.data() + 4, "IDAT", 4);
  return bytes;
}

// libpng sees the file with its data in a single chunk, and without ancillary chunks but tRNS.
void read_pixels(const PngChunks& chunks, std::string_view where, std::span<std::byte> pixels) {
  const auto data_header = data_chunk_header(chunks.data_bytes);
  const std::array<std::byte, 4> unused_crc{};
  std::vector<std::span<const std::byte>> parts = chunks.head;
  parts.emplace_back(data_header);
  parts.insert(parts.end(), chunks.data.begin(), chunks.data.end());
  parts.emplace_back(unused_crc);
  parts.push_back(chunks.end);

  ReadSession session;
  session.parts = parts;
  session.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &session, on_error, on_warning);
  if (session.png == nullptr) throw std::bad_alloc();
  session.info = png_create_info_struct(session.png);
  if (session.info == nullptr) throw std::bad_alloc();
  const std::int64_t height = chunks.header.height;
  const RowTarget target{pixels.data(), pixels.size() / static_cast<std::size_t>(height), height};
  const auto data_bytes = static_cast<std::size_t>(chunks.data_bytes);
  if (!read_rows(session, chunks.header, data_bytes, target)) refuse(where, session);
  if (session.part != parts.size()) {
    session.note("data after the image");
    refuse(where, session);
  }
}

// Palette indices to RGB, with alpha where the file has transparency (absent entries are opaque).
void expand_palette(const PngChunks& chunks, std::span<const std::uint8_t> indices,
                    std::span<std::uint8_t> pixels, std::string_view where) {
  const std::size_t entries = chunks.palette.size() / 3;
  const std::size_t channels = pixels.size() / indices.size();
  std::array<std::array<std::uint8_t, 4>, 256> colours{};
  for (std::size_t i = 0; i < entries; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      colours[i][c] = std::to_integer<std::uint8_t>(chunks.palette[3 * i + c]);
    }
    colours[i][3] = i < chunks.transparency.size()
                        ? std::to_integer<std::uint8_t>(chunks.transparency[i])
                        : std::uint8_t{255};
  }
  std::uint8_t* to = pixels.data();
  for (const std::uint8_t index : indices) {
    if (index >= entries) {
      throw Error(ErrorKind::kBadFile, where, "uses a palette entry that it does not have",
                  "export or copy it again");
    }
    to = std::copy_n(colours[index].begin(), channels, to);
  }
}

template <class T>
Image decode_direct(const PngChunks& chunks, std::string_view where) {
  Image image = make_image<T>(chunks.header.height, chunks.header.width, channels_of(chunks),
                              std::string(where));
  read_pixels(chunks, where, std::as_writable_bytes(image.values<T>()));
  return image;
}

Image decode_palette(const PngChunks& chunks, std::string_view where) {
  const PngHeader& header = chunks.header;
  Image indices = make_image<std::uint8_t>(header.height, header.width, 1, std::string(where));
  const auto values = indices.values<std::uint8_t>();
  read_pixels(chunks, where, std::as_writable_bytes(values));
  Image image = make_image<std::uint8_t>(header.height, header.width, channels_of(chunks),
                                         std::string(where));
  expand_palette(chunks, values, image.values<std::uint8_t>(), where);
  return image;
}

int orientation_of(const PngChunks& chunks) {
  if (chunks.exif.empty()) return 1;
  return chunks.exif.size() == 1 ? exif_orientation(chunks.exif[0]) : Image::kUnreadableOrientation;
}

Image decode_samples(const PngChunks& chunks, std::string_view where) {
  if (chunks.header.colour_type == PngHeader::kPalette) return decode_palette(chunks, where);
  return chunks.header.bit_depth == 16 ? decode_direct<std::uint16_t>(chunks, where)
                                       : decode_direct<std::uint8_t>(chunks, where);
}

// ---- Writing

struct WriteSession : Session {
  std::string file;
  bool out_of_memory = false;

  WriteSession() = default;
  WriteSession(const WriteSession&) = delete;
  WriteSession& operator=(const WriteSession&) = delete;
  ~WriteSession() { png_destroy_write_struct(&png, &info); }
};

void on_write(png_structp png, png_bytep from, std::size_t count) {
  auto& session = *static_cast<WriteSession*>(png_get_io_ptr(png));
  try {
    session.file.append(reinterpret_cast<const char*>(from), count);
  } catch (...) {
    session.out_of_memory = true;
  }
  if (session.out_of_memory) png_error(png, "out of memory");
}

void on_flush(png_structp /*png*/) {}

int colour_type_of(std::int64_t channels) {
  constexpr std::array kTypes{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                              PNG_COLOR_TYPE_RGB_ALPHA};
  return kTypes[static_cast<std::size_t>(channels - 1)];
}

bool write_rows(WriteSession& session, const Image& image,
                std::span<const std::byte> pixels) noexcept {
  png_structp png = session.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, &session, on_write, on_flush);
  // Pinned, so that a change of libpng's defaults changes no byte.
  png_set_compression_level(png, 6);
  png_set_compression_mem_level(png, 8);
  png_set_compression_strategy(png, 0);
  png_set_compression_window_bits(png, 15);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_IHDR(png, session.info, static_cast<png_uint_32>(image.width),
               static_cast<png_uint_32>(image.height), image.bit_depth(),
               colour_type_of(image.channels), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
               PNG_FILTER_TYPE_BASE);
  png_write_info(png, session.info);
  if (image.bit_depth() == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  const std::size_t row_bytes = pixels.size() / static_cast<std::size_t>(image.height);
  for (std::int64_t y = 0; y < image.height; ++y) {
    png_write_row(png, reinterpret_cast<png_const_bytep>(pixels.data()) +
                           static_cast<std::size_t>(y) * row_bytes);
  }
  png_write_end(png, nullptr);
  return session.message[0] == '\0';
}

}  // namespace

bool is_png(std::span<const std::byte> file) {
  return std::string_view(reinterpret_cast<const char*>(file.data()), file.size())
      .starts_with("\x89PNG");
}

Image decode_png(std::span<const std::byte> file, std::string_view where) {
  const PngChunks chunks = read_png_chunks(file, where);
  Image image = decode_samples(chunks, where);
  image.orientation = orientation_of(chunks);
  note_orientation(image.orientation, image.facts);
  return image;
}

std::string encode_png(const Image& image) {
  if (image.bit_depth() > 16) {
    throw Error(ErrorKind::kUsage, image.source,
                "has floating-point samples, which PNG cannot hold", "write a .npy file");
  }
  WriteSession session;
  session.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &session, on_error, on_warning);
  if (session.png == nullptr) throw std::bad_alloc();
  session.info = png_create_info_struct(session.png);
  if (session.info == nullptr) throw std::bad_alloc();
  if (!write_rows(session, image, sample_bytes(image))) {
    if (session.out_of_memory) throw std::bad_alloc();
    throw Error(ErrorKind::kInternal, image.source,
                std::string("cannot be written as PNG (libpng: ") + session.message.data() + ")");
  }
  return std::move(session.file);
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

}  // namespace apatite::image
