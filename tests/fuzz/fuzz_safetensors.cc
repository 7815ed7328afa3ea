// Any bytes as a weights file: a header that owns every byte of the data, finite tensors without
// -0, metadata that survives a round trip, a table that fits or does not; or an Error.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "models/models.h"
#include "weights/metadata.h"
#include "weights/safetensors/safetensors.h"
#include "weights/table.h"
#include "weights/weights_file.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using apatite::Error;
using apatite::ErrorKind;

void demand(bool condition) {
  if (!condition) std::abort();
}

// What a reader may throw on bytes that it does not like.
template <class Action>
void read_or_refuse(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    demand(error.kind() == ErrorKind::kBadFile);
    demand(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
}

void check_tensor(const apatite::weights::SafetensorsHeader& header,
                  const apatite::weights::TensorEntry& entry, std::span<const std::byte> file) {
  const auto loaded = apatite::weights::load_tensor(header.bytes_of(entry, file), entry, "fuzz");
  demand(loaded.values.dims() == entry.dims);
  for (const float x : loaded.values.values()) {
    demand(std::isfinite(x) && std::bit_cast<std::uint32_t>(x) != 0x80000000U);
  }
}

void check_weights_file(const apatite::weights::SafetensorsHeader& header) {
  const auto metadata = apatite::weights::metadata_from_strings(header.metadata, "fuzz");
  demand(apatite::weights::metadata_from_strings(apatite::weights::to_strings(metadata), "fuzz") ==
         metadata);
  try {
    const apatite::engine::Shape input = apatite::weights::default_input(metadata.model);
    const auto graph = apatite::models::build_model(metadata.model, input.height, input.width);
    apatite::weights::check_table(graph.parameters(), header.tensors, "fuzz");
  } catch (const Error& error) {
    // kUsage: no input that is small enough fits this network.
    demand(error.kind() == ErrorKind::kBadFile || error.kind() == ErrorKind::kUsage);
  }
}

// A small file to start from; `header` may be changed before its length is set.
std::string with_length(std::string_view header, std::string_view data) {
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof(length));
  return file.append(header).append(data);
}

const std::string& seed_file() {
  static const std::string file = with_length(
      R"({"__metadata__":{"apatite.classes":"[\"a\",\"b\"]","apatite.format":"1",)"
      R"("apatite.model":"{\"architecture\":\"densenet\",\"classes\":2,\"input_channels\":1,)"
      R"(\"options\":{\"blocks\":[1],\"growth\":1,\"stem\":\"cifar\"}}",)"
      R"("apatite.recipe":"{}","apatite.self_test":"{\"contract\":1,\"input\":[1,6,5],)"
      R"(\"logits_sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\",)"
      R"(\"seed\":1}"},"classifier.bias":{"data_offsets":[0,8],"dtype":"F32","shape":[2]},)"
      R"("features.conv0.weight":{"data_offsets":[8,44],"dtype":"F16","shape":[2,1,3,3]},)"
      R"("z":{"data_offsets":[44,60],"dtype":"F64","shape":[1,2]}}  )",
      std::string(60, '\1'));
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  read_or_refuse([&] {
    const apatite::weights::SafetensorsHeader header =
        apatite::weights::parse_safetensors(file, "fuzz");
    std::uint64_t covered = header.data_begin;
    for (const apatite::weights::TensorEntry& entry : header.tensors) {
      covered += entry.end - entry.begin;
      demand(header.find(entry.name) == &entry);
      read_or_refuse([&] { check_tensor(header, entry, file); });
    }
    demand(covered == size);
    check_weights_file(header);
  });
  return 0;
}

// Mutates as usual, but now and then starts again from the seed file, and half of the time makes
// the announced length of the header true, without which few mutations would get further.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  if ((size < 16 || seed % 16 == 0) && seed_file().size() <= most) {
    size = seed_file().size();
    std::memcpy(data, seed_file().data(), size);
  }
  size = LLVMFuzzerMutate(data, size, most);
  if (size >= 8 && seed % 2 == 0) {
    const std::string_view text(reinterpret_cast<const char*>(data) + 8, size - 8);
    const std::size_t brace = text.rfind('}');
    const std::uint64_t length = brace == std::string_view::npos ? text.size() : brace + 1;
    std::memcpy(data, &length, sizeof(length));
  }
  return size;
}
