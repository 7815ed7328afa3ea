// Real DICOM files of shared/data against what pydicom and DCMTK make of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "image/dicom/pixels/dicom_levels.h"
#include "image/dicom/pixels/gdcm_codec.h"
#include "tests/image/dicom/dicom_goldens.h"
#include "tests/support/shared_data.h"

namespace apatite::image {
namespace {

const Json kStored = {{"voi", "none"},     {"modality", "ignore"}, {"polarity", "keep"},
                      {"padding", "keep"}, {"range", "values"},    {"output", 32}};

TEST(DicomReal, GivesThePixelsOfEveryCodingOfTheNemaImages) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  if (!have_gdcm()) GTEST_SKIP() << "built without GDCM";
  const Json real = golden("real.json")["nema_wg04"];
  ASSERT_EQ(real.size(), 30U);
  for (const auto& [name, hash] : real.items()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(hash, real[name.substr(0, 4) + "UNC"]);
    EXPECT_EQ(hash_of(decoded(data / "dicom" / "nema_wg04" / name, kStored)), hash);
  }
}

Json mammogram_options(const Json& voi, const std::string& function = "file") {
  return {{"voi", voi}, {"function", function}, {"padding", "keep"}, {"range", "values"}};
}

// Its pixels are decoded once; each choice is then applied to them.
TEST(DicomReal, ShowsAMammogramAsPydicomDoes) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  if (!have_gdcm()) GTEST_SKIP() << "built without GDCM";
  const auto path = data / "dicom" / "mammogram" / "GH133.dcm";
  const Json real = golden("real.json")["GH133"];
  const Image stored = decoded(path, mammogram_options("none"));
  const auto values = stored.values<std::uint16_t>();
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  EXPECT_EQ(*least, 0);
  EXPECT_EQ(*greatest, 3471);
  EXPECT_EQ(hash_of(stored), real["voi"]["none"]);

  const MappedFile file(path);
  const DicomHeader header =
      read_dicom_header(read_dicom(file.bytes(), "GH133"), std::nullopt, "GH133");
  const auto shown = [&](const Json& voi, const std::string& function = "file") {
    const DicomOptions options = dicom_options_from_json(mammogram_options(voi, function), "o");
    return hash_of(apply_dicom_pipeline(dicom_pipeline(header, options, "GH133"),
                                        sample_bytes(stored), header, options, "GH133"));
  };
  for (const int index : {1, 2, 3}) {
    const std::string number = " " + std::to_string(index);
    SCOPED_TRACE(number);
    for (const char* function : {"SIGMOID", "LINEAR", "LINEAR_EXACT"}) {
      EXPECT_EQ(shown({{"window", index}}, function), real["voi"][function + number]) << function;
    }
    EXPECT_EQ(shown({{"lut", index}}), real["voi"]["LUT" + number]);
  }
  // By its explanation, and with the function that the file names.
  EXPECT_EQ(hash_of(decoded(path, mammogram_options({{"window", "SOFTER"}}))),
            real["voi"]["SIGMOID 3"]);
}

}  // namespace
}  // namespace apatite::image
