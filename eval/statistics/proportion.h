// Confidence intervals of a proportion x / n.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "eval/statistics/metric.h"

namespace apatite::eval {

// To add one: an enumerator here, its name at the same place in kNames (proportion.cc), and a case
// in proportion_interval(), which the compiler asks for.
enum class ProportionMethod {
  // p -+ z sqrt(p (1 - p) / n), cut at 0 and 1.
  kWald,
  // Wilson 1927: the p whose score test does not reject, (p + z^2/2n -+ z sqrt(p(1-p)/n +
  // z^2/4n^2)) / (1 + z^2/n).
  kWilson,
  // Clopper and Pearson 1934: quantiles of beta distributions; its coverage is at least its level.
  kClopperPearson,
  // Agresti and Coull 1998: Wald's for (x + z^2/2) of n + z^2 cases, cut at 0 and 1.
  kAgrestiCoull,
  // As in Table 1 of Kang et al. 2021: the estimate and the half-width 1.96 sqrt(p (1 - p) / n) are
  // each rounded to hundredths of a percent, halves up, and then added and subtracted. The limits
  // are not cut. The level is always 95 %.
  kKang2021,
};

// "wald", "wilson", ..., in the order of the enumeration.
std::span<const std::string_view> proportion_method_names();
// Throws Error (kUsage) that lists the names.
ProportionMethod proportion_method(std::string_view name);
std::string_view name_of(ProportionMethod method);

// n > 0 and 0 <= x <= n. Both may be fractions (effective sizes), except for kKang2021.
ConfidenceInterval proportion_interval(ProportionMethod method, double x, double n,
                                       double confidence);

// x / n in hundredths of a percent, halves rounded up: 6495 for 64.95 %.
std::int64_t hundredths_of_percent(std::int64_t x, std::int64_t n);

}  // namespace apatite::eval
