#include "eval/statistics/proportion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

constexpr std::array<std::string_view, 5> kNames{"wald", "wilson", "clopper-pearson",
                                                 "agresti-coull", "kang2021"};

double standard_error(double p, double n) { return std::sqrt(p * (1 - p) / n); }

ConfidenceInterval cut(double low, double high) {
  return {std::max(low, 0.0), std::min(high, 1.0)};
}

ConfidenceInterval wilson(double x, double n, double z) {
  const double p = x / n;
  const double z2 = z * z;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = z * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
  // For x = 0 and x = n the limit is exactly 0 or 1.
  return {x == 0 ? 0 : centre - half, x == n ? 1 : centre + half};
}

ConfidenceInterval clopper_pearson(double x, double n, double confidence) {
  const double tail = (1 - confidence) / 2;
  return {x == 0 ? 0 : incomplete_beta_inverse(x, n - x + 1, tail),
          x == n ? 1 : incomplete_beta_inverse(x + 1, n - x, 1 - tail)};
}

// Rounds halves up; `value` is below 2^53.
std::int64_t round_half_up(double value) {
  return static_cast<std::int64_t>(std::floor(value + 0.5));
}

ConfidenceInterval kang2021(double x, double n) {
  const std::int64_t p =
      hundredths_of_percent(static_cast<std::int64_t>(x), static_cast<std::int64_t>(n));
  const std::int64_t half = round_half_up(1.96 * standard_error(x / n, n) * 1e4);
  return {static_cast<double>(p - half) / 1e4, static_cast<double>(p + half) / 1e4};
}

}  // namespace

std::span<const std::string_view> proportion_method_names() { return kNames; }

std::string_view name_of(ProportionMethod method) {
  return kNames.at(static_cast<std::size_t>(method));
}

ProportionMethod proportion_method(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw Error(ErrorKind::kUsage, "interval", "there is none called '" + std::string(name) + "'",
                "there are: " + join(std::vector<std::string>(kNames.begin(), kNames.end())));
  }
  return static_cast<ProportionMethod>(found - kNames.begin());
}

std::int64_t hundredths_of_percent(std::int64_t x, std::int64_t n) {
  return (20000 * x + n) / (2 * n);
}

ConfidenceInterval proportion_interval(ProportionMethod method, double x, double n,
                                       double confidence) {
  const double z = normal_factor(confidence);
  switch (method) {
    case ProportionMethod::kWald: {
      const double half = z * standard_error(x / n, n);
      return cut(x / n - half, x / n + half);
    }
    case ProportionMethod::kWilson:
      return wilson(x, n, z);
    case ProportionMethod::kClopperPearson:
      return clopper_pearson(x, n, confidence);
    case ProportionMethod::kAgrestiCoull: {
      const double more = n + z * z;
      const double centre = (x + z * z / 2) / more;
      const double half = z * standard_error(centre, more);
      return cut(centre - half, centre + half);
    }
    case ProportionMethod::kKang2021:
      return kang2021(x, n);
  }
  return {};
}

}  // namespace apatite::eval
