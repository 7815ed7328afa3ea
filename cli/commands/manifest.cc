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
    print(with_thousands(summary.skipped) + " other files in the folder were passed over\n");
  }
  if (summary.burned_in > 0) {
    print(with_thousands(summary.burned_in) +
          " say that text is burned into their pixels: it may name the patient\n");
  }
  if (summary.unreadable == 0) return 0;
  flush_output();
  throw Error(
      ErrorKind::kImage, summary.errors.string(),
      with_thousands(summary.unreadable) + " files could not be read, all others are listed",
      "the file says why");
}

}  // namespace

void add_manifest(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "manifest", "List the images of a folder with what their DICOM headers say");
  const auto options = std::make_shared<Options>();
  command->add_option("folder", options->folder, "The folder with the images")
      ->required()
      ->type_name("FOLDER");
  command->add_option("-o,--output", options->output, "The manifest (CSV)")
      ->required()
      ->type_name("FILE");
  auto* plain = command->add_flag("--patient-ids", options->patient_ids,
                                  "Write the patients' identifiers as they are in the files");
  command
      ->add_option("--hash-patients", options->salt_file,
                   "Write a keyed hash (HMAC-SHA-256) of them; the file holds the key, keep it "
                   "secret")
      ->type_name("SALT-FILE")
      ->excludes(plain);
  command->footer(
      "Examples:\n"
      "  apatite manifest images/ -o study.csv\n"
      "  head -c 32 /dev/urandom > salt && apatite manifest images/ -o study.csv --hash-patients "
      "salt\n"
      "  apatite predict --weights model.safetensors --images study.csv -o predictions.csv\n"
      "Without --patient-ids or --hash-patients nothing that names a patient is written. Fill in\n"
      "the column label, or put the images of each class into a folder of its name.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
