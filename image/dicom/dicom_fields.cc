#include "image/dicom/dicom_fields.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace apatite::image {
namespace {

// Codes of the views of mammography (PS3.16 CID 4014), in SNOMED CT and as SNOMED RT wrote them,
// and the abbreviations that View Position has for them (PS3.3 C.8.11.7.1.1).
struct ViewCode {
  std::string_view sct, srt, name;
};
constexpr std::array kViews{
    ViewCode{"399260004", "R-10224", "ML"},  ViewCode{"399368009", "R-10226", "MLO"},
    ViewCode{"399352003", "R-10228", "LM"},  ViewCode{"399099002", "R-10230", "LMO"},
    ViewCode{"399162004", "R-10242", "CC"},  ViewCode{"399196006", "R-10244", "FB"},
    ViewCode{"399188001", "R-1024A", "SIO"}, ViewCode{"399265009", "R-1024B", "XCC"},
};

std::string view_of(const DicomDataSet& data) {
  if (const std::string position = data.string(0x00185101); !position.empty()) return position;
  for (const DicomDataSet& item : data.items(0x00540220)) {
    const std::string code = item.string(0x00080100);
    const auto known = std::find_if(kViews.begin(), kViews.end(), [&](const ViewCode& view) {
      return view.sct == code || view.srt == code;
    });
    return known != kViews.end() ? std::string(known->name) : item.string(0x00080104);
  }
  return {};
}

std::string spacing_of(const DicomDataSet& data, DicomTag tag) {
  const auto values = data.decimals(tag);
  if (values.empty()) return {};
  if (values.size() != 2) data.refuse("has a pixel spacing that is not two numbers");
  return to_text(values[0]) + "x" + to_text(values[1]);
}

std::string word_of(const DicomDataSet& data, DicomTag tag) {
  const auto value = data.word(tag);
  return value ? to_text(std::int64_t{*value}) : std::string();
}

}  // namespace

DicomFields read_dicom_fields(std::span<const std::byte> file, std::string_view where) {
  const DicomFile dicom = read_dicom(file, where);
  const DicomDataSet& data = dicom.data;
  if (data.find(0x7FE00010) == nullptr) data.refuse("has no pixels (7FE0,0010)");
  DicomFields fields;
  fields.patient_id = data.string(0x00100020);
  fields.laterality = data.string(0x00200062);
  if (fields.laterality.empty()) fields.laterality = data.string(0x00200060);
  fields.view = view_of(data);
  fields.presentation_intent = data.string(0x00080068);
  fields.pixel_spacing = spacing_of(data, 0x00280030);
  fields.imager_pixel_spacing = spacing_of(data, 0x00181164);
  fields.burned_in_annotation = data.string(0x00280301);
  fields.modality = data.string(0x00080060);
  fields.rows = word_of(data, 0x00280010);
  fields.columns = word_of(data, 0x00280011);
  fields.frames = to_text(data.integer_text(0x00280008).value_or(1));
  fields.bits_stored = word_of(data, 0x00280101);
  fields.photometric = data.string(0x00280004);
  fields.transfer_syntax = dicom.transfer_syntax;
  return fields;
}

bool is_dicom_file(const std::filesystem::path& path) {
  if (path.filename() == "DICOMDIR") return false;
  try {
    const ReadOnlyFile file(path);
    std::array<std::byte, 132> head{};
    const ssize_t count = ::pread(file.descriptor(), head.data(), head.size(), 0);
    return count > 0 && is_dicom(std::span(head).first(static_cast<std::size_t>(count)));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace apatite::image
