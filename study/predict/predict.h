// Runs a network over a list of images and writes predictions.csv.
//
//   image,label,patient,logit:CLASS...,p:CLASS...
//
// The file has one row per readable image, in the order of the manifest: the image, its label and
// its patient as given, the logits in binary32 and the probabilities in binary64
// (study/predict/scores.h). Each number is the shortest text that reads back to the same number,
// and
// '\n' ends every row. The bytes depend only on the images, the weights, the recipe and the
// arithmetic. They do not depend on the batch, the threads, the workers or the instruction set, nor
// on whether the run was killed and continued.
#pragma once

#include <cstdint>
#include <filesystem>

#include "study/run/run_options.h"
#include "study/run/run_summary.h"

namespace apatite::study {

struct PredictOptions : RunOptions {
  std::filesystem::path weights;
  std::filesystem::path output;  // predictions.csv; errors.csv lies beside it
};

struct PredictSummary : RunSummary {
  std::int64_t labelled = 0;  // rows whose label is a class of the network
  std::int64_t foreign = 0;   // rows whose label is not a class of the network
  std::int64_t right = 0;     // labelled rows where the class of the largest logit is the label
};

// Images are decoded by `workers` processes and made ready by as many threads while the network
// computes. The processes are forked first, so call it before other threads start. An image that
// makes its decoder die, hang or exceed its limits (image/decoder/sandbox.h) counts as unreadable,
// and so does one that is too small for the network.
//
// What is done is kept in "<output>.partial" (study/run/journal.h): after a kill the same call
// continues there. At the end the output appears under its name, complete; "errors.csv"
// (image,reason) beside it lists the images that could not be read, and is removed if there are
// none. `progress` is called on the caller's thread after every batch.
//
// Throws Error: kUsage for options that fit neither each other nor the network, or a journal of
// another run; kUnavailable for the backend or instruction set; kNumeric with the image and the
// node where a number that is not finite arose; kBadFile or kIo for the weights, the recipe, the
// manifest, the output and, if `strict`, the first image that cannot be read.
PredictSummary predict(const PredictOptions& options, const ShowProgress& progress = {});

}  // namespace apatite::study
