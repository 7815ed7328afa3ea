// Any bytes as a checkpoint: tensors, or an Error. The first byte says what the others are: a file
// as it is (zip or legacy), or the pickle of a zip archive, which gets its storages and a right
// checksum here, so that the fuzzer is not stopped by it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "tests/weights/torch/raw_pickle.h"
#include "weights/conversion/convert.h"
#include "weights/torch/checkpoint.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using namespace apatite;
namespace raw = apatite::weights::torch::raw;

const std::vector<std::string>& storages() {
  static const std::vector<std::string> all{raw::floats({1, 2, 3, 4}), raw::floats({5})};
  return all;
}

// A state dict of a network's first names.
std::string seed_body() {
  const std::string four =
      raw::tensor({.key = "0", .count = 4, .dims = {1, 1, 2, 2}, .strides = {4, 4, 2, 1}});
  const std::string one = raw::tensor({.key = "1", .count = 1, .dims = {1}, .strides = {1}});
  return raw::dict({{"state_dict", raw::dict({{"m.conv1.weight", four},
                                              {"m.bn1.weight", one},
                                              {"m.layer1.0.conv1.weight", four},
                                              {"m.fc.weight", one}})},
                    {"epoch", raw::integer(3)}});
}

std::vector<std::string> make_seeds() {
  const std::string body = seed_body();
  return {std::string("\0", 1) + raw::zip_checkpoint(body, storages()),
          std::string("\0", 1) +
              raw::legacy_checkpoint(body, {{"0", 4, storages()[0]}, {"1", 1, storages()[1]}}),
          "\x01" + raw::pickle(body)};
}

// Reads every tensor, and converts.
void read(const std::string& file) {
  try {
    const weights::torch::Checkpoint checkpoint(as_bytes(file), "fuzz");
    for (const weights::torch::StoredTensor& tensor : checkpoint.tensors())
      (void)checkpoint.load(tensor);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) __builtin_trap();
  }
  try {
    weights::convert(as_bytes(file), "fuzz", {});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    read(bytes);
  } else {
    std::vector<weights::torch::RawEntry> entries{{.name = "x/data.pkl", .data = bytes}};
    for (std::size_t i = 0; i < storages().size(); ++i) {
      entries.push_back({.name = "x/data/" + std::to_string(i), .data = storages()[i]});
    }
    read(weights::torch::raw_zip(entries));
  }
  return 0;
}

// Starts from the seeds where there is no corpus yet.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  static const std::vector<std::string> seeds = make_seeds();
  const std::string& chosen = seeds[seed % seeds.size()];
  if ((size < 16 || seed % 64 == 0) && chosen.size() <= max_size) {
    std::memcpy(data, chosen.data(), chosen.size());
    size = chosen.size();
    if (seed % 128 == 0) return size;
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
