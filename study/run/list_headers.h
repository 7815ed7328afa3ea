// Makes a manifest from the headers of DICOM files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace apatite::study {

// What the column patient holds. Identifiers of patients are written only on request.
enum class PatientColumn {
  kEmpty,
  kHashed,  // HMAC-SHA-256 (RFC 2104) of the Patient ID under the salt, its first 16 hex digits
  kPlain,   // the Patient ID
};

struct ListOptions {
  std::filesystem::path folder;
  std::filesystem::path output;  // the manifest (CSV)
  PatientColumn patients = PatientColumn::kEmpty;
  std::string salt;  // for kHashed, at least 16 bytes
};

struct ListSummary {
  std::int64_t images = 0;       // rows
  std::int64_t dicom = 0;        // of them DICOM files
  std::int64_t unreadable = 0;   // DICOM files whose header is refused
  std::int64_t skipped = 0;      // files that are no images
  std::int64_t burned_in = 0;    // DICOM files that say that text is burned into their pixels
  std::filesystem::path errors;  // where the unreadable ones are listed, if there are any
};

// Writes one row per image below the folder (study/run/manifest.h says in which order, and what the
// label is): image,label,patient, then the fields of image/dicom/dicom_fields.h by name, which are
// empty for images that are no DICOM files. `apatite predict` takes the file as it is. DICOM files
// whose header is refused are listed in "<output without extension>.errors.csv" (image,reason),
// which is removed if there are none. `progress` is called after every file with the number of
// files that are done and the number of all files. Throws Error: kUsage for a salt that is too
// short or missing, and as list_images and AtomicFile do.
ListSummary list_headers(const ListOptions& options,
                         const std::function<void(std::int64_t, std::int64_t)>& progress = {});

}  // namespace apatite::study
