// The figures of one image's maps.
#pragma once

#include <optional>

#include "gradcam/trust/region.h"
#include "study/explain/explained_model.h"
#include "study/faithfulness/faithfulness.h"
#include "study/faithfulness/faithfulness_report.h"
#include "study/run/image_task.h"

namespace apatite::study {

// Measures the maps of `options` and the random ones beside them
// (study/faithfulness/faithfulness.h) of one image. `region`: what the label is about, if that is
// known. Throws Error as Explainer::explain does.
ImageFigures measure_image(ExplainedModel& model, const FaithfulnessOptions& options,
                           const ListedImage& image, const ModelInput& input,
                           const std::optional<gradcam::Region>& region);

}  // namespace apatite::study
