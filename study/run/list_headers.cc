#include "study/run/list_headers.h"

#include <array>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/dicom/dicom_fields.h"
#include "study/run/manifest.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeastSalt = 16;
constexpr std::size_t kHashDigits = 16;

struct Column {
  const char* name;
  std::string image::DicomFields::*field;
};
constexpr std::array kColumns{
    Column{"laterality", &image::DicomFields::laterality},
    Column{"view", &image::DicomFields::view},
    Column{"presentation_intent", &image::DicomFields::presentation_intent},
    Column{"pixel_spacing", &image::DicomFields::pixel_spacing},
    Column{"imager_pixel_spacing", &image::DicomFields::imager_pixel_spacing},
    Column{"burned_in_annotation", &image::DicomFields::burned_in_annotation},
    Column{"modality", &image::DicomFields::modality},
    Column{"rows", &image::DicomFields::rows},
    Column{"columns", &image::DicomFields::columns},
    Column{"frames", &image::DicomFields::frames},
    Column{"bits_stored", &image::DicomFields::bits_stored},
    Column{"photometric", &image::DicomFields::photometric},
    Column{"transfer_syntax", &image::DicomFields::transfer_syntax},
};

std::string header_line() {
  std::vector<std::string> names{"image", "label", "patient"};
  for (const Column& column : kColumns) names.emplace_back(column.name);
  return csv_line(names);
}

std::string patient_of(const image::DicomFields& fields, const ListOptions& options) {
  switch (options.patients) {
    case PatientColumn::kEmpty:
      return {};
    case PatientColumn::kPlain:
      return fields.patient_id;
    case PatientColumn::kHashed:
      break;
  }
  // Of no identifier there is no hash: those images would all seem to be of one patient.
  if (fields.patient_id.empty()) return {};
  return hmac_sha256(options.salt, fields.patient_id).substr(0, kHashDigits);
}

std::string row_of(const ManifestEntry& entry, const std::optional<image::DicomFields>& fields,
                   const ListOptions& options) {
  std::vector<std::string> cells{entry.image, entry.label,
                                 fields ? patient_of(*fields, options) : std::string()};
  for (const Column& column : kColumns) {
    cells.push_back(fields ? *fields.*column.field : std::string());
  }
  return csv_line(cells);
}

std::optional<image::DicomFields> fields_of(const fs::path& path) {
  const MappedFile file(path);
  if (!image::is_dicom(file.bytes())) return std::nullopt;
  return image::read_dicom_fields(file.bytes(), path.string());
}

fs::path errors_path(const fs::path& output) {
  fs::path path = output;
  return path.replace_extension(".errors.csv");
}

void write_errors(const std::string& errors, ListSummary& summary, const fs::path& path) {
  std::error_code ignored;
  if (summary.unreadable == 0) {
    fs::remove(path, ignored);
    return;
  }
  write_file(path, "image,reason\n" + errors);
  summary.errors = path;
}

}  // namespace

ListSummary list_headers(const ListOptions& options,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  if (options.patients == PatientColumn::kHashed && options.salt.size() < kLeastSalt) {
    throw Error(ErrorKind::kUsage, "salt",
                "has " + to_text(static_cast<std::int64_t>(options.salt.size())) + " bytes",
                "give at least 16 that nobody can guess, e.g. from: head -c 32 /dev/urandom");
  }
  const Manifest manifest = list_images(options.folder);
  ListSummary summary;
  summary.skipped = manifest.skipped;
  AtomicFile output(options.output);
  output.write(header_line());
  std::string errors;
  std::int64_t done = 0;
  for (const ManifestEntry& entry : manifest.entries) {
    const fs::path path = manifest.path_of(entry);
    try {
      const std::optional<image::DicomFields> fields = fields_of(path);
      ManifestEntry shown = entry;
      // Relative to the manifest, as `predict` reads it.
      const fs::path folder = options.output.parent_path();
      shown.image = fs::proximate(path, folder.empty() ? fs::path(".") : folder).generic_string();
      output.write(row_of(shown, fields, options));
      ++summary.images;
      summary.dicom += fields ? 1 : 0;
      summary.burned_in += fields && fields->burned_in_annotation == "YES" ? 1 : 0;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      errors += csv_line(std::vector<std::string>{entry.image, error.what()});
      ++summary.unreadable;
    }
    if (progress) progress(++done, static_cast<std::int64_t>(manifest.entries.size()));
  }
  write_errors(errors, summary, errors_path(options.output));
  output.commit();
  return summary;
}

}  // namespace apatite::study
