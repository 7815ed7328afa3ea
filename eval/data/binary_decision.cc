#include "eval/data/binary_decision.h"

#include <string>

#include "base/error.h"

namespace apatite::eval {

std::string_view symbol(ThresholdOperator comparison) {
  return comparison == ThresholdOperator::kGreater ? ">" : ">=";
}

ThresholdOperator parse_threshold_operator(std::string_view symbol) {
  if (symbol == ">") return ThresholdOperator::kGreater;
  if (symbol == ">=") return ThresholdOperator::kGreaterOrEqual;
  throw Error(ErrorKind::kUsage, "comparison",
              "there is none written '" + std::string(symbol) + "'", "pass '>' or '>='");
}

}  // namespace apatite::eval
