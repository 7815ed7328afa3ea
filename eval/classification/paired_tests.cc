#include "eval/classification/paired_tests.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "eval/roc/auc.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

void check_same_size(std::size_t a, std::size_t b) {
  if (a != b) {
    throw Error(ErrorKind::kUsage, "comparison",
                "one model has " + std::to_string(a) + " cases and another " + std::to_string(b),
                "compare models on the same cases");
  }
}

}  // namespace

std::optional<McNemar> mcnemar(std::uint64_t only_a, std::uint64_t only_b) {
  if (only_a + only_b == 0) return std::nullopt;
  McNemar result{.only_a = only_a, .only_b = only_b};
  const auto less = static_cast<double>(std::min(only_a, only_b));
  const auto more = static_cast<double>(std::max(only_a, only_b));
  const double n = less + more;
  result.statistic = (more - less) * (more - less) / n;
  result.p_asymptotic = chi_square_upper(result.statistic, 1);
  if (only_a == only_b) return result;
  // P(X <= less) of Binomial(n, 1/2).
  const double tail = incomplete_beta(more, less + 1, 0.5);
  result.p_exact = std::min(1.0, 2 * tail);
  result.p_mid = 2 * tail - binomial_probability(less, n, 0.5);
  return result;
}

std::optional<McNemar> mcnemar(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  check_same_size(a.size(), b.size());
  std::uint64_t only_a = 0;
  std::uint64_t only_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != 0 && b[i] == 0) ++only_a;
    if (a[i] == 0 && b[i] != 0) ++only_b;
  }
  return mcnemar(only_a, only_b);
}

std::optional<CochranQ> cochran_q(std::span<const std::vector<std::uint8_t>> models) {
  if (models.size() < 2 || models.size() > 201) {
    throw Error(ErrorKind::kUsage, "Cochran's Q", std::to_string(models.size()) + " models",
                "it compares 2 to 201");
  }
  const std::uint64_t k = models.size();
  std::vector<std::uint64_t> rows(models.front().size());
  Uint128 column_squares = 0;
  std::uint64_t total = 0;
  for (const std::vector<std::uint8_t>& model : models) {
    check_same_size(rows.size(), model.size());
    std::uint64_t column = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t right = model[i] != 0 ? 1 : 0;
      rows[i] += right;
      column += right;
    }
    column_squares += Uint128{column} * column;
    total += column;
  }
  std::uint64_t row_squares = 0;
  for (const std::uint64_t row : rows) row_squares += row * row;
  const std::uint64_t denominator = k * total - row_squares;
  if (denominator == 0) return std::nullopt;
  const Uint128 numerator = (k - 1) * (k * column_squares - Uint128{total} * total);
  CochranQ result{.degrees_of_freedom = static_cast<int>(k) - 1};
  result.statistic = static_cast<double>(numerator) / static_cast<double>(denominator);
  result.p_value = chi_square_upper(result.statistic, result.degrees_of_freedom);
  return result;
}

}  // namespace apatite::eval
