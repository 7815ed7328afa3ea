#include "gradcam/trust/similarity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/text.h"

namespace apatite::gradcam {
namespace {

constexpr std::size_t kMostCells = std::size_t{1} << 20U;
constexpr std::int64_t kMostWindow = 7;

void check_sizes(const SaliencyMap& a, const SaliencyMap& b) {
  if (a.height == b.height && a.width == b.width) return;
  const auto size = [](const SaliencyMap& map) {
    return to_text(map.height) + "x" + to_text(map.width);
  };
  throw Error(ErrorKind::kUsage, "maps", "of " + size(a) + " and " + size(b) + " cells",
              "bring them to one size first");
}

// 2 * rank - (n + 1), with ranks from 1 and their mean where values are equal: integers.
std::vector<std::int64_t> centred_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::int64_t> ranks(values.size());
  const auto n = static_cast<std::int64_t>(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    // Twice the mean of the ranks first + 1 .. last.
    const auto twice = static_cast<std::int64_t>(first + 1 + last);
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = twice - (n + 1);
    first = last;
  }
  return ranks;
}

// |centred rank| < 2^20 and at most 2^20 of them: the sum stays below 2^60.
std::int64_t product_sum(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), std::int64_t{0});
}

struct WindowSums {
  double a = 0;
  double b = 0;
  double aa = 0;
  double bb = 0;
  double ab = 0;
};

WindowSums sums_at(const SaliencyMap& a, const SaliencyMap& b, std::int64_t top, std::int64_t left,
                   std::int64_t window) {
  WindowSums sums;
  for (std::int64_t y = top; y < top + window; ++y) {
    for (std::int64_t x = left; x < left + window; ++x) {
      const double va = a.at(y, x);
      const double vb = b.at(y, x);
      sums.a += va;
      sums.b += vb;
      sums.aa += va * va;
      sums.bb += vb * vb;
      sums.ab += va * vb;
    }
  }
  return sums;
}

double ssim_of(const WindowSums& sums, double n) {
  constexpr double kC1 = 0.01 * 0.01;
  constexpr double kC2 = 0.03 * 0.03;
  const double mean_a = sums.a / n;
  const double mean_b = sums.b / n;
  const double sample = n / (n - 1);
  const double variance_a = sample * (sums.aa / n - mean_a * mean_a);
  const double variance_b = sample * (sums.bb / n - mean_b * mean_b);
  const double covariance = sample * (sums.ab / n - mean_a * mean_b);
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (variance_a + variance_b + kC2));
}

}  // namespace

std::optional<double> spearman(const SaliencyMap& a, const SaliencyMap& b) {
  check_sizes(a, b);
  if (a.values.size() > kMostCells) {
    throw Error(ErrorKind::kUsage, "maps",
                "of " + to_text(static_cast<std::int64_t>(a.values.size())) +
                    " cells are too large for a rank correlation",
                "resize them first");
  }
  const std::vector<std::int64_t> ranks_a = centred_ranks(a.values);
  const std::vector<std::int64_t> ranks_b = centred_ranks(b.values);
  const auto aa = static_cast<double>(product_sum(ranks_a, ranks_a));
  const auto bb = static_cast<double>(product_sum(ranks_b, ranks_b));
  if (aa == 0 || bb == 0) return std::nullopt;
  return static_cast<double>(product_sum(ranks_a, ranks_b)) / std::sqrt(aa * bb);
}

std::optional<double> structural_similarity(const SaliencyMap& a, const SaliencyMap& b) {
  check_sizes(a, b);
  const std::int64_t side = std::min({a.height, a.width, kMostWindow});
  const std::int64_t window = side - (side + 1) % 2;
  if (window < 3) return std::nullopt;
  double total = 0;
  std::int64_t windows = 0;
  for (std::int64_t top = 0; top + window <= a.height; ++top) {
    for (std::int64_t left = 0; left + window <= a.width; ++left) {
      total += ssim_of(sums_at(a, b, top, left, window), static_cast<double>(window * window));
      ++windows;
    }
  }
  return total / static_cast<double>(windows);
}

image::Size comparison_grid(std::int64_t input_height, std::int64_t input_width) {
  constexpr std::int64_t kMost = 224;
  const std::int64_t longer = std::max(input_height, input_width);
  if (longer <= kMost) return {input_height, input_width};
  const auto scaled = [&](std::int64_t side) {
    return std::max<std::int64_t>(1, (2 * side * kMost + longer) / (2 * longer));
  };
  return {scaled(input_height), scaled(input_width)};
}

}  // namespace apatite::gradcam
