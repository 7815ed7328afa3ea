#include "weights/safetensors/named_tensors.h"

#include "base/error.h"
#include "base/text.h"

namespace apatite::weights {

engine::Tensor NamedParameters::load(const engine::Parameter& parameter) const {
  const auto found = tensors_.find(parameter.name);
  if (found == tensors_.end()) {
    throw Error(ErrorKind::kUsage, parameter.name, "no such tensor was given");
  }
  if (found->second.dims() != parameter.dims) {
    throw Error(ErrorKind::kUsage, parameter.name,
                "is " + engine::to_text(std::span(found->second.dims())) + ", not " +
                    engine::to_text(std::span(parameter.dims)));
  }
  engine::Tensor tensor = found->second;
  if (const std::int64_t index = engine::canonicalize(tensor.values()).first_non_finite;
      index >= 0) {
    throw Error(
        ErrorKind::kBadFile, parameter.name,
        "is not finite: element " + to_text(index) + " is " + to_text(tensor.data()[index]));
  }
  return tensor;
}

}  // namespace apatite::weights
