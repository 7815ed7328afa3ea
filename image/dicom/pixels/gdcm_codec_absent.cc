// In place of gdcm_codec.cc where apatite is built without GDCM.
#include "base/error.h"
#include "image/dicom/pixels/gdcm_codec.h"

namespace apatite::image {

bool have_gdcm() { return false; }

std::vector<std::byte> decode_with_gdcm(std::span<const std::byte>, const StreamInfo&,
                                        const DicomHeader& header, std::string_view where) {
  throw Error(ErrorKind::kUnavailable, where,
              "is compressed (" + std::string(header.syntax->name) +
                  "), and this apatite was built without GDCM",
              "build it with libgdcm-dev, or store the file uncompressed");
}

}  // namespace apatite::image
