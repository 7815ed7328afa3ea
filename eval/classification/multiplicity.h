// Adjusted p-values of a family of tests.
#pragma once

#include <span>
#include <vector>

namespace apatite::eval {

// Both return the adjusted values in the order of `p_values`, each at most 1.

// Holm 1979 bounds the probability of any false rejection. Of the p-values in ascending order, the
// i-th (from 0) becomes the largest of (n - k) p_k over k = 0 .. i.
std::vector<double> holm(std::span<const double> p_values);
// Benjamini and Hochberg 1995 bound the expected share of false rejections. Of the p-values in
// ascending order, the i-th (from 0) becomes the smallest of n p_k / (k + 1) over k = i .. n - 1.
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace apatite::eval
