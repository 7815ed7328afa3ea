#include "image/dicom/pixels/gdcm_codec.h"

#include <gdcmDataElement.h>
#include <gdcmFragment.h>
#include <gdcmImage.h>
#include <gdcmJPEGCodec.h>
#include <gdcmSequenceOfFragments.h>
#include <gdcmTrace.h>
#include <gdcmTransferSyntax.h>

#include <array>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace apatite::image {
namespace {

gdcm::PixelFormat pixel_format(const StreamInfo& info, const DicomHeader& header) {
  const auto allocated = static_cast<unsigned short>(info.precision > 8 ? 16 : 8);
  const auto stored = static_cast<unsigned short>(info.precision);
  return gdcm::PixelFormat(static_cast<unsigned short>(header.samples_per_pixel), allocated, stored,
                           static_cast<unsigned short>(stored - 1),
                           static_cast<unsigned short>(info.is_signed ? 1 : 0));
}

gdcm::DataElement fragments_of(std::span<const std::byte> stream) {
  const auto fragments = gdcm::SequenceOfFragments::New();
  // A fragment has an even length.
  std::vector<char> bytes(stream.size() + stream.size() % 2);
  for (std::size_t i = 0; i < stream.size(); ++i) bytes[i] = static_cast<char>(stream[i]);
  gdcm::Fragment fragment;
  fragment.SetByteValue(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  fragments->AddFragment(fragment);
  gdcm::DataElement element(gdcm::Tag(0x7FE0, 0x0010));
  element.SetVR(gdcm::VR::OB);
  element.SetValue(*fragments);
  return element;
}

std::size_t frame_bytes(const StreamInfo& info, const DicomHeader& header) {
  return static_cast<std::size_t>(header.rows * header.columns * header.samples_per_pixel) *
         (info.precision > 8 ? 2 : 1);
}

// JPEG; empty if GDCM cannot. Its class for images takes every stream of more than 8 bits to its
// codec of 16, which knows no DCT, complains, and is followed by the one of 12; here the right one
// is asked at once. To the codec all colours are YBR, which it leaves as they are in the stream.
std::vector<std::byte> decode_jpeg(std::span<const std::byte> stream, const StreamInfo& info,
                                   const DicomHeader& header) {
  gdcm::PixelFormat format = pixel_format(info, header);
  if (!header.syntax->lossless && info.precision > 8) {
    format = gdcm::PixelFormat(format.GetSamplesPerPixel(), 12, 12, 11, 0);
  }
  const std::array<unsigned, 3> size{static_cast<unsigned>(header.columns),
                                     static_cast<unsigned>(header.rows), 1};
  gdcm::JPEGCodec codec;
  codec.SetNumberOfDimensions(2);
  codec.SetDimensions(size.data());
  codec.SetPlanarConfiguration(0);
  codec.SetPhotometricInterpretation(header.is_grey() ? gdcm::PhotometricInterpretation::MONOCHROME2
                                                      : gdcm::PhotometricInterpretation::YBR_FULL);
  codec.SetPixelFormat(format);
  gdcm::DataElement decoded;
  if (!codec.Decode(fragments_of(stream), decoded)) return {};
  const gdcm::ByteValue* value = decoded.GetByteValue();
  if (value == nullptr || value->GetLength() != frame_bytes(info, header)) return {};
  const auto* first = reinterpret_cast<const std::byte*>(value->GetPointer());
  return {first, first + value->GetLength()};
}

// What GDCM expects of a stream: it says on standard error where it finds something else.
gdcm::PhotometricInterpretation photometric(const StreamInfo& info, const DicomHeader& header) {
  using Interpretation = gdcm::PhotometricInterpretation;
  if (header.is_grey()) return Interpretation::MONOCHROME2;
  return info.colour_transform ? Interpretation::YBR_RCT : Interpretation::RGB;
}

// JPEG-LS and JPEG 2000; empty if GDCM cannot.
std::vector<std::byte> decode_image(std::span<const std::byte> stream, const StreamInfo& info,
                                    const DicomHeader& header) {
  gdcm::Image image;
  image.SetNumberOfDimensions(2);
  image.SetDimension(0, static_cast<unsigned>(header.columns));
  image.SetDimension(1, static_cast<unsigned>(header.rows));
  image.SetPixelFormat(pixel_format(info, header));
  image.SetPhotometricInterpretation(photometric(info, header));
  image.SetPlanarConfiguration(0);
  image.SetTransferSyntax(gdcm::TransferSyntax::GetTSType(std::string(header.syntax->uid).c_str()));
  image.SetDataElement(fragments_of(stream));
  std::vector<std::byte> frame(frame_bytes(info, header));
  if (image.GetBufferLength() != frame.size() ||
      !image.GetBuffer(reinterpret_cast<char*>(frame.data())) ||
      image.GetPlanarConfiguration() != 0) {
    frame.clear();
  }
  return frame;
}

std::vector<std::byte> decode(std::span<const std::byte> stream, const StreamInfo& info,
                              const DicomHeader& header) {
  return header.syntax->codec == DicomCodec::kJpeg ? decode_jpeg(stream, info, header)
                                                   : decode_image(stream, info, header);
}

// Some encoders of JPEG-LS end their data with a byte of zeros that codes nothing, which CharLS
// refuses. Without it the data must still suffice.
bool ends_with_zeros(std::span<const std::byte> stream, const DicomHeader& header) {
  return header.syntax->codec == DicomCodec::kJpegLs && stream.size() > 3 &&
         stream[stream.size() - 3] == std::byte{0};
}

}  // namespace

bool have_gdcm() { return true; }

std::vector<std::byte> decode_with_gdcm(std::span<const std::byte> stream, const StreamInfo& info,
                                        const DicomHeader& header, std::string_view where) {
  // A failure is told by the result; what libjpeg and OpenJPEG complain of is not silenced.
  gdcm::Trace::ErrorOff();
  std::vector<std::byte> frame;
  if (stream.size() < 0xFFFFFFF0U) frame = decode(stream, info, header);
  if (frame.empty() && ends_with_zeros(stream, header)) {
    std::vector<std::byte> shorter(stream.begin(), stream.end() - 3);
    shorter.insert(shorter.end(), stream.end() - 2, stream.end());
    frame = decode(shorter, info, header);
  }
  if (frame.empty()) {
    throw Error(ErrorKind::kBadFile, where,
                "has " + std::string(header.syntax->name) + " pixels that GDCM cannot decode",
                "they are damaged");
  }
  return frame;
}

}  // namespace apatite::image
