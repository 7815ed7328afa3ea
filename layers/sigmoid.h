// From one logit to a probability.
#pragma once

namespace apatite::layers {

// 1 / (1 + e^-x) in binary64 with base/math.h: for x >= 0 as written, below as e^x / (1 + e^x), so
// that neither side loses digits; the addition and the division each rounded once. The same bits on
// every machine. An infinite x gives 0 or 1, NaN stays NaN.
double sigmoid(float logit);

}  // namespace apatite::layers
