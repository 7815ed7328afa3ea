// Tests between the binary decisions of models on the same cases: McNemar's and Cochran's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace apatite::eval {

// Two models on the same independent cases: `only_a` are right by a alone, `only_b` by b alone.
struct McNemar {
  std::uint64_t only_a = 0;
  std::uint64_t only_b = 0;
  // (only_a - only_b)^2 / (only_a + only_b), without a continuity correction, and its p-value by
  // chi-square with one degree of freedom (McNemar 1947).
  double statistic = 0;
  double p_asymptotic = 1;
  // Twice the binomial tail up to the smaller count at probability 1/2, at most 1.
  double p_exact = 1;
  // The exact one less the probability of the smaller count (Lancaster 1961; Fagerland, Lydersen,
  // Laake 2013), 1 if the counts are equal.
  double p_mid = 1;
};

// Empty if the models are right and wrong on the same cases.
std::optional<McNemar> mcnemar(std::uint64_t only_a, std::uint64_t only_b);
// `a` and `b` are 1 where the model is right, else 0, case by case.
std::optional<McNemar> mcnemar(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// Two or more models on the same independent cases (Cochran 1950): with column sums C, row sums R,
// total T and k models, Q = (k - 1) (k sum C^2 - T^2) / (k T - sum R^2), by chi-square with k - 1
// degrees of freedom.
struct CochranQ {
  double statistic = 0;
  int degrees_of_freedom = 0;
  double p_value = 1;
};

// Empty if all models agree on every case. Throws Error (kUsage) unless there are 2 to 201 models
// of the same number of cases.
std::optional<CochranQ> cochran_q(std::span<const std::vector<std::uint8_t>> models);

}  // namespace apatite::eval
