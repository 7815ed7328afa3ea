#include "image/codec/jpeg.h"

#include <cstdio>  // jpeglib.h needs it
//
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "image/codec/exif.h"

namespace apatite::image {
namespace {

constexpr int kMostScans = 100;  // of a progressive file; encoders write about ten
constexpr std::string_view kExifHeader("Exif\0\0", 6);

// libjpeg leaves a failed call by longjmp, which must not jump over a C++ object with a destructor:
// the functions that call it under setjmp (marked noexcept) have trivial locals only.
struct Session {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed{};
  std::array<char, JMSG_LENGTH_MAX> message{};

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { jpeg_destroy_decompress(&jpeg); }
};

Session& session_of(j_common_ptr jpeg) { return *static_cast<Session*>(jpeg->client_data); }

[[noreturn]] void on_error(j_common_ptr jpeg) {
  Session& session = session_of(jpeg);
  jpeg->err->format_message(jpeg, session.message.data());
  std::longjmp(session.failed, 1);
}

// Levels below 0 are warnings ("corrupt data"), the others traces.
void on_message(j_common_ptr jpeg, int level) {
  if (level < 0) on_error(jpeg);
}

void on_progress(j_common_ptr jpeg) {
  auto* decompress = reinterpret_cast<j_decompress_ptr>(jpeg);
  if (decompress->input_scan_number <= kMostScans) return;
  Session& session = session_of(jpeg);
  constexpr std::string_view kText = "too many scans";
  std::copy(kText.begin(), kText.end(), session.message.begin());
  std::longjmp(session.failed, 1);
}

// Up to the first scan. False after an error; the session has the message.
bool read_header(Session& session, std::span<const std::byte> file) noexcept {
  jpeg_decompress_struct& jpeg = session.jpeg;
  jpeg.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = on_error;
  session.errors.emit_message = on_message;
  session.progress.progress_monitor = on_progress;
  jpeg.client_data = &session;
  if (setjmp(session.failed) != 0) return false;
  jpeg_create_decompress(&jpeg);  // keeps err and client_data
  jpeg.progress = &session.progress;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&jpeg, TRUE);
  return true;
}

// True if libjpeg would have to guess a part of the picture. All scans have been read, or the only
// one has been begun.
bool lacks_data(const jpeg_decompress_struct& jpeg) noexcept {
  for (int i = 0; i < jpeg.num_components; ++i) {
    // Set when a scan of the component begins.
    if (jpeg.comp_info[i].quant_table == nullptr) return true;
    if (jpeg.progressive_mode == FALSE || jpeg.coef_bits == nullptr) continue;
    // Bits of each coefficient that are still to come; -1: all.
    const int* bits = jpeg.coef_bits[i];
    if (std::any_of(bits, bits + DCTSIZE2, [](int missing) { return missing != 0; })) return true;
  }
  return false;
}

// `rows` has the image's size.
bool read_rows(Session& session, const JpegOptions& options, std::uint8_t* rows,
               std::size_t row_bytes) noexcept {
  jpeg_decompress_struct& jpeg = session.jpeg;
  if (setjmp(session.failed) != 0) return false;
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.dct_method = options.dct == JpegDct::kIslow ? JDCT_ISLOW : JDCT_IFAST;
  jpeg.do_fancy_upsampling = options.upsampling == JpegUpsampling::kFancy ? TRUE : FALSE;
  jpeg_start_decompress(&jpeg);
  if (lacks_data(jpeg)) {
    constexpr std::string_view kText = "scans are missing";
    std::copy(kText.begin(), kText.end(), session.message.begin());
    return false;
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = rows + jpeg.output_scanline * row_bytes;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

[[noreturn]] void refuse(std::string_view where, const Session& session) {
  throw Error(ErrorKind::kBadFile, where,
              std::string("is a damaged JPEG file, or one that is not read (libjpeg: ") +
                  session.message.data() + ")",
              "export or copy it again");
}

void check_kind(const jpeg_decompress_struct& jpeg, std::string_view where) {
  if (jpeg.arith_code != FALSE) {
    throw Error(ErrorKind::kBadFile, where, "is a JPEG file with arithmetic coding",
                "save it with Huffman coding, or as PNG");
  }
  const J_COLOR_SPACE space = jpeg.jpeg_color_space;
  if (space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB) return;
  throw Error(ErrorKind::kBadFile, where,
              jpeg.num_components == 4
                  ? std::string("is a CMYK JPEG file, made for printing")
                  : "is a JPEG file of " + to_text(std::int64_t{jpeg.num_components}) +
                        " components, which are no known colours",
              "convert it to grey or RGB");
}

// Each block of a component takes at least one bit, that of its DC coefficient.
void check_size(const jpeg_decompress_struct& jpeg, std::size_t bytes, std::string_view where) {
  check_image_size(jpeg.image_height, jpeg.image_width, where);
  std::uint64_t blocks = 0;
  for (int i = 0; i < jpeg.num_components; ++i) {
    const jpeg_component_info& component = jpeg.comp_info[i];
    blocks += std::uint64_t{component.width_in_blocks} * component.height_in_blocks;
  }
  if (blocks <= 8 * std::uint64_t{bytes}) return;
  throw Error(ErrorKind::kBadFile, where,
              "says that it has " + to_text(std::int64_t{jpeg.image_width}) + "x" +
                  to_text(std::int64_t{jpeg.image_height}) + " pixels, which " +
                  to_text(static_cast<std::int64_t>(bytes)) + " bytes cannot hold",
              "export or copy it again");
}

// What follows the end of the image is not looked at by anyone: nothing but padding may be there.
void check_tail(const jpeg_decompress_struct& jpeg, std::string_view where) {
  const auto* first = jpeg.src->next_input_byte;
  const auto* last = first + jpeg.src->bytes_in_buffer;
  if (std::all_of(first, last, [](auto byte) { return byte == 0; })) return;
  throw Error(ErrorKind::kBadFile, where,
              "has " + to_text(static_cast<std::int64_t>(jpeg.src->bytes_in_buffer)) +
                  " bytes after the end of its JPEG image",
              "it may hold a second picture or be damaged: export it again");
}

int orientation_of(const jpeg_decompress_struct& jpeg) {
  int orientation = 1;
  bool found = false;
  for (const jpeg_marker_struct* marker = jpeg.marker_list; marker != nullptr;
       marker = marker->next) {
    const std::span data(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
    if (!as_text(data).starts_with(kExifHeader)) continue;
    if (found) return Image::kUnreadableOrientation;  // which of them?
    found = true;
    orientation = exif_orientation(data.subspan(kExifHeader.size()));
  }
  return orientation;
}

ImageFacts facts_of(const jpeg_decompress_struct& jpeg, const JpegOptions& options,
                    int orientation) {
  ImageFacts facts;
  facts.emplace_back("compression",
                     jpeg.progressive_mode != FALSE ? "JPEG, progressive" : "JPEG, sequential");
  facts.emplace_back("inverse DCT", name_of(options.dct));
  if (jpeg.num_components == 3) {
    facts.emplace_back("colours in the file", jpeg.jpeg_color_space == JCS_RGB ? "RGB" : "YCbCr");
    std::string sampling;
    for (int i = 0; i < 3; ++i) {
      const jpeg_component_info& component = jpeg.comp_info[i];
      sampling += (i == 0 ? "" : ", ") + to_text(std::int64_t{component.h_samp_factor}) + "x" +
                  to_text(std::int64_t{component.v_samp_factor});
    }
    facts.emplace_back("sampling", sampling);
    facts.emplace_back("chroma upsampling", name_of(options.upsampling));
  }
  if (jpeg.restart_interval != 0) {
    facts.emplace_back("restart interval", to_text(std::int64_t{jpeg.restart_interval}));
  }
  note_orientation(orientation, facts);
  return facts;
}

}  // namespace

bool is_jpeg(std::span<const std::byte> file) { return as_text(file).starts_with("\xFF\xD8\xFF"); }

Image decode_jpeg(std::span<const std::byte> file, std::string_view where,
                  const JpegOptions& options) {
  Session session;
  if (!read_header(session, file)) refuse(where, session);
  const jpeg_decompress_struct& jpeg = session.jpeg;
  check_kind(jpeg, where);
  check_size(jpeg, file.size(), where);
  Image image = make_image<std::uint8_t>(jpeg.image_height, jpeg.image_width, jpeg.num_components,
                                         std::string(where));
  // Now: libjpeg frees the markers at the end of the image.
  image.orientation = orientation_of(jpeg);
  image.facts = facts_of(jpeg, options, image.orientation);
  const auto row_bytes = static_cast<std::size_t>(image.width * image.channels);
  if (!read_rows(session, options, image.values<std::uint8_t>().data(), row_bytes)) {
    refuse(where, session);
  }
  check_tail(jpeg, where);
  return image;
}

}  // namespace apatite::image
