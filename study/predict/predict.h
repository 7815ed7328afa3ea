// Runs a network over a list of images and writes predictions.csv.
//
//   image,label,patient,logit:CLASS...,p:CLASS...
//
// One row per readable image in the manifest's order: the image, label and patient as given, the
// logits in binary32 and the probabilities in binary64 (study/predict/scores.h), each as the
// shortest text that reads back to the same number; '\n' ends every row. The bytes depend on the
// images, the weights, the recipe and the arithmetic alone: not on the batch, threads, workers or
// instruction set, nor on whether the run was killed and continued.
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
  std::int64_t foreign = 0;   // rows whose label is not
  std::int64_t right = 0;     // of the labelled, where the class of the largest logit is the label
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
