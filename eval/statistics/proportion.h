// Confidence intervals of a proportion x / n.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "eval/statistics/metric.h"

namespace apatite::eval {

enum class ProportionMethod {
  // p -+ z sqrt(p (1 - p) / n), cut at 0 and 1.
  kWald,
  // Wilson 1927: the p whose score test does not reject, (p + z^2/2n -+ z sqrt(p(1-p)/n +
  // z^2/4n^2)) / (1 + z^2/n).
  kWilson,
  // Clopper and Pearson 1934: quantiles of beta distributions; covers at least at its level.
  kClopperPearson,
  // Agresti and Coull 1998: Wald about (x + z^2/2) / (n + z^2) with n + z^2, cut at 0 and 1.
  kAgrestiCoull,
  // Table 1 of Kang et al. 2021: estimate and half-width 1.96 sqrt(p (1 - p) / n) each rounded to
  // hundredths of a percent, halves up, and then added and subtracted; not cut. Always 95 %.
  kKang2021,
};

// "wald", "wilson", ...; the order of the enumeration.
std::span<const std::string_view> proportion_method_names();
// Throws Error (kUsage) naming those that there are.
ProportionMethod proportion_method(std::string_view name);
std::string_view name_of(ProportionMethod method);

// `n` > 0, 0 <= x <= n; neither need be whole (effective sizes), except for kKang2021.
ConfidenceInterval proportion_interval(ProportionMethod method, double x, double n,
                                       double confidence);

// x / n in hundredths of a percent, halves up: what the study prints as 64.95 is 6495.
std::int64_t hundredths_of_percent(std::int64_t x, std::int64_t n);

}  // namespace apatite::eval
