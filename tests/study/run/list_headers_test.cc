#include "study/run/list_headers.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "study/run/manifest.h"
#include "tests/image/dicom/dicom_parts.h"
#include "tests/study/small_study.h"

namespace apatite::study {
namespace {

std::string mammogram(const std::string& patient) {
  return image::dicom_file(
      image::kExplicit,
      image::dicom_element(0x00080060, "CS", "MG") +
          image::dicom_element(0x00080068, "CS", "FOR PROCESSING") +
          image::dicom_element(0x00100020, "LO", patient) +
          image::dicom_element(0x00181164, "DS", "0.07\\0.080") +
          image::dicom_element(0x00200062, "CS", "L") + image::DicomParts().header() +
          image::dicom_element(0x00280301, "CS", "YES") +
          image::dicom_sequence(0x00540220, image::dicom_element(0x00080100, "SH", "R-10242")) +
          image::small_pixels());
}

class ListHeaders : public testing::Test {
 protected:
  ListHeaders() {
    std::filesystem::create_directories(folder_ / "images/benign");
    write_text(folder_ / "images/benign/1.2.840", mammogram("P1"));  // no extension
    write_text(folder_ / "images/b.dcm", mammogram(""));
    write_text(folder_ / "images/notes.txt", "text");
    write_text(folder_ / "images/DICOMDIR", mammogram("P1"));
    write_noise_png(folder_ / "images/c.png", 2, 2, 1);
    options_.folder = folder_ / "images";
    options_.output = folder_ / "study.csv";
  }
  std::string listed() {
    summary_ = list_headers(options_);
    return read_text(options_.output);
  }

  TemporaryFolder folder_;
  ListOptions options_;
  ListSummary summary_;
};

const std::string kColumns =
    "image,label,patient,laterality,view,presentation_intent,pixel_spacing,imager_pixel_spacing,"
    "burned_in_annotation,modality,rows,columns,frames,bits_stored,photometric,transfer_syntax\n";
const std::string kFields =
    ",L,CC,FOR PROCESSING,,0.07x0.08,YES,MG,2,3,1,12,MONOCHROME2,1.2.840.10008.1.2.1\n";

TEST_F(ListHeaders, WritesAManifestThatNamesNoPatient) {
  EXPECT_EQ(listed(), kColumns + "images/b.dcm,," + kFields + "images/benign/1.2.840,benign," +
                          kFields + "images/c.png,,,,,,,,,,,,,,,\n");
  EXPECT_EQ(summary_.images, 3);
  EXPECT_EQ(summary_.dicom, 2);
  EXPECT_EQ(summary_.burned_in, 2);
  EXPECT_EQ(summary_.skipped, 2);
  EXPECT_EQ(summary_.unreadable, 0);
  const Manifest manifest = read_manifest(options_.output);
  ASSERT_EQ(manifest.entries.size(), 3U);
  EXPECT_EQ(manifest.entries[1].label, "benign");
  for (const ManifestEntry& entry : manifest.entries) {
    EXPECT_TRUE(std::filesystem::exists(manifest.path_of(entry))) << entry.image;
  }
}

TEST_F(ListHeaders, NamesOrHashesPatientsOnRequest) {
  options_.patients = PatientColumn::kPlain;
  EXPECT_NE(listed().find("1.2.840,benign,P1,L"), std::string::npos);
  options_.patients = PatientColumn::kHashed;
  options_.salt = "sixteen bytes...";
  // Python: hmac.new(b"sixteen bytes...", b"P1", "sha256").hexdigest()[:16]
  const std::string text = listed();
  EXPECT_NE(text.find("1.2.840,benign,8aa555677375199a,L"), std::string::npos) << text;
  EXPECT_NE(text.find("images/b.dcm,,,L"), std::string::npos) << text;  // no patient, no hash
  EXPECT_EQ(text.find("P1"), std::string::npos);
  options_.salt = "short";
  EXPECT_THROW(listed(), Error);
}

TEST_F(ListHeaders, ListsWhatItCannotReadApart) {
  write_text(folder_ / "images/cut", mammogram("P1").substr(0, 200));
  const std::string text = listed();
  EXPECT_EQ(text.find("images/cut"), std::string::npos);
  EXPECT_EQ(summary_.unreadable, 1);
  EXPECT_EQ(summary_.errors, folder_ / "study.errors.csv");
  EXPECT_NE(read_text(summary_.errors).find("image,reason\ncut,"), std::string::npos);
  std::filesystem::remove(folder_ / "images/cut");
  listed();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "study.errors.csv"));
}

}  // namespace
}  // namespace apatite::study
