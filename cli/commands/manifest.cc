// apatite manifest: a folder in, a list of its images with what their headers say out.
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "study/run/list_headers.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string folder, output, salt_file;
  bool patient_ids = false;
};

constexpr std::size_t kMostSalt = 4096;

int run(const Options& given) {
  study::ListOptions options;
  options.folder = given.folder;
  options.output = given.output;
  if (given.patient_ids) options.patients = study::PatientColumn::kPlain;
  if (!given.salt_file.empty()) {
    options.patients = study::PatientColumn::kHashed;
    options.salt = read_file(given.salt_file, kMostSalt);
  }
  Progress progress(false);
  const study::ListSummary summary = study::list_headers(
      options, [&](std::int64_t done, std::int64_t total) { progress.show(done, total); });
  progress.finish();
  print(given.output + ": " + with_thousands(summary.images) + " images, " +
        with_thousands(summary.dicom) + " of them DICOM\n");
  if (summary.skipped > 0) {
    print(with_thousands(summary.skipped) +
          " files in the folder are no images and were skipped\n");
  }
  if (summary.burned_in > 0) {
    print(with_thousands(summary.burned_in) +
          " files say that their pixels contain text, which may name the patient\n");
  }
  if (summary.unreadable == 0) return 0;
  flush_output();
  throw Error(
      ErrorKind::kImage, summary.errors.string(),
      with_thousands(summary.unreadable) + " files could not be read; all others are listed",
      "see the file for the reasons");
}

}  // namespace

void add_manifest(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "manifest", "List the images of a folder and what their DICOM headers say");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("folder", options->folder,
                   "Folder with the images; its sub-folders are searched too")
      ->required()
      ->type_name("FOLDER");
  command->add_option("-o,--output", options->output, "File that the manifest goes to (CSV)")
      ->required()
      ->type_name("FILE");
  auto* plain = command->add_flag(
      "--patient-ids", options->patient_ids,
      "Write the patients' identifiers as they are in the DICOM files. Default: the "
      "column patient stays empty");
  command
      ->add_option("--hash-patients", options->salt_file,
                   "File with the secret key of a hash (HMAC-SHA-256) that is written instead of "
                   "each patient's identifier, at least 16 bytes. Default: no hash is written")
      ->type_name("SALT-FILE")
      ->excludes(plain);
  command->footer(
      "Examples:\n"
      "  apatite manifest images/ -o study.csv\n"
      "  head -c 32 /dev/urandom > salt && apatite manifest images/ -o study.csv --hash-patients "
      "salt\n"
      "  apatite predict --weights model.safetensors --images study.csv -o predictions.csv\n"
      "Without --patient-ids or --hash-patients nothing that names a patient is written. The "
      "column\n"
      "label holds the name of the sub-folder that an image lies in. Where the folders are not "
      "the\n"
      "classes, fill in the column by hand.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
