#include "engine/exact/step.h"

namespace apatite::engine::exact {

std::int64_t StepList::chunks(const RunContext& context) const {
  std::int64_t count = 0;
  for (const auto& step : steps_) count += step->chunks(context);
  return count;
}

void StepList::run_chunk(const RunContext& context, std::int64_t chunk) const {
  for (const auto& step : steps_) {
    const std::int64_t count = step->chunks(context);
    if (chunk < count) return step->run_chunk(context, chunk);
    chunk -= count;
  }
}

std::int64_t StepList::scratch_floats() const {
  std::int64_t floats = 0;
  for (const auto& step : steps_) floats = std::max(floats, step->scratch_floats());
  return floats;
}

}  // namespace apatite::engine::exact
