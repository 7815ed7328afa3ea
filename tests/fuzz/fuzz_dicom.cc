// Any bytes as a DICOM file, shown as several recipes say: an image, or an Error. The codecs of
// GDCM end their process on damaged streams: those are checked here
// (image/dicom/pixels/dicom_stream.h), and decoded in fuzz_dicom_codecs.cc.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "base/error.h"
#include "image/dicom/dicom_fields.h"
#include "image/dicom/pixels/dicom.h"
#include "image/dicom/pixels/dicom_frame.h"
#include "image/dicom/pixels/dicom_stream.h"
#include "tests/image/dicom/dicom_parts.h"

namespace apatite {
namespace {

template <class Action>
void refuse_or(Action action) {
  try {
    action();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadFile) std::abort();
  }
}

void check_stream(const image::DicomFile& file, const image::DicomHeader& header) {
  const auto stream = image::dicom_frame_stream(file, header, 1, "fuzz");
  const image::StreamInfo info = header.syntax->codec == image::DicomCodec::kJpeg2000
                                     ? image::check_jpeg2000_stream(stream, header, "fuzz")
                                     : image::check_jpeg_stream(stream, header, "fuzz");
  if (info.size > stream.size() || info.precision < 1) std::abort();
}

void try_file(std::span<const std::byte> bytes) {
  refuse_or([&] { image::read_dicom_fields(bytes, "fuzz"); });
  refuse_or([&] {
    const image::DicomFile file = image::read_dicom(bytes, "fuzz");
    const image::DicomHeader header = image::read_dicom_header(file, 1, "fuzz");
    if (header.syntax->codec == image::DicomCodec::kNone ||
        header.syntax->codec == image::DicomCodec::kRle) {
      image::DicomOptions options{.frame = 1};
      refuse_or([&] { image::decode_dicom(bytes, options, "fuzz"); });
      options.voi = image::VoiNone{};
      options.range = image::RangeData{};
      options.output_bits = 32;
      refuse_or([&] { image::decode_dicom(bytes, options, "fuzz"); });
    } else {
      check_stream(file, header);
    }
  });
}

}  // namespace
}  // namespace apatite

// The first byte chooses a transfer syntax, for input that is not a whole file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace apatite;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (image::is_dicom(bytes)) {
    try_file(bytes);
    return 0;
  }
  if (size == 0) return 0;
  constexpr const char* kSyntaxes[] = {"1.2.840.10008.1.2",      "1.2.840.10008.1.2.1",
                                       "1.2.840.10008.1.2.2",    "1.2.840.10008.1.2.5",
                                       "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
                                       "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.50"};
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool whole = (data[0] & 8U) != 0;
  const std::string elements =
      whole ? rest : image::DicomParts().header() + image::dicom_fragments_of({rest});
  const std::string file = image::dicom_file(kSyntaxes[data[0] & 7U], elements);
  try_file(std::as_bytes(std::span(file)));
  return 0;
}
