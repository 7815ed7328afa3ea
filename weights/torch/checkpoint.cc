#include "weights/torch/checkpoint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "weights/torch/formats.h"
#include "weights/torch/refusal.h"
#include "weights/torch/state_dict.h"
#include "weights/torch/zip.h"

namespace apatite::weights::torch {
namespace {

constexpr std::size_t kMostDims = 8;

// Other files that users take for checkpoints, by the bytes that mark them.
struct Foreign {
  std::size_t at;
  std::string_view magic;
  std::string_view what;
  std::string_view remedy;
};

constexpr std::string_view kGiveTorch = "give a file that torch.save wrote";
constexpr auto kForeign = std::to_array<Foreign>({
    {257, "ustar", "is a tar archive, the format of torch before 0.1.10", kSaveAgain},
    {0, "\x89HDF", "is an HDF5 file (Keras), which is not read yet", kGiveTorch},
    {8, "{", "seems to be a safetensors file, not a torch checkpoint", kGiveTorch},
    {0, "\x80", "is a pickle without torch's magic number", kSaveAgain},
});

// Says what a file that is neither of torch's formats seems to be.
[[noreturn]] void refuse_format(std::span<const std::byte> file, std::string_view where) {
  if (file.empty()) throw Error(ErrorKind::kBadFile, where, "is empty", kDamaged);
  for (const Foreign& foreign : kForeign) {
    if (as_text(file).substr(std::min(file.size(), foreign.at)).starts_with(foreign.magic)) {
      throw Error(ErrorKind::kBadFile, where, foreign.what, foreign.remedy);
    }
  }
  throw Error(ErrorKind::kBadFile, where, "is neither of torch's formats (zip, legacy)",
              kGiveTorch);
}

Contents read_contents(std::span<const std::byte> file, std::string_view where, bool zip) {
  if (zip) return read_zip(file, where);
  if (is_legacy(file)) return read_legacy(file, where);
  refuse_format(file, where);
}

// Turns the pickled tensor `value` into a StoredTensor.
class TensorParser {
 public:
  TensorParser(const Pickle& pickle, std::string_view where) : pickle_(pickle), where_(where) {}

  StoredTensor parse(std::string name, PickleValue value) {
    name_ = printable(name);
    const auto items = pickle_.items(value);  // at least 4
    StoredTensor tensor;
    tensor.name = std::move(name);
    tensor.storage = storage_id(pickle_, items[0], where_);
    tensor.dtype = tensor.storage.type;
    tensor.dims = sizes(items[2]);
    tensor.strides = sizes(items[3]);
    if (tensor.dims.size() != tensor.strides.size()) refuse("has as many strides as no tensor has");
    check_extent(tensor, number(items[1]));
    return tensor;
  }

 private:
  [[noreturn]] void refuse(const std::string& what, std::string_view remedy = kDamaged) const {
    throw Error(ErrorKind::kBadFile, where_, "tensor " + name_ + " " + what, remedy);
  }
  std::int64_t number(PickleValue value) const {
    if (value.kind != PickleKind::kInteger || value.integer < 0) {
      refuse("has a size, stride or offset that is no whole number from 0 on");
    }
    return value.integer;
  }
  engine::Dims sizes(PickleValue value) const {
    if (value.kind != PickleKind::kTuple || pickle_.items(value).size() > kMostDims) {
      refuse("has sizes that no tensor has");
    }
    engine::Dims dims;
    for (const PickleValue item : pickle_.items(value)) dims.push_back(number(item));
    return dims;
  }

  // All elements lie in the storage, and there are no more of them than it holds.
  void check_extent(StoredTensor& tensor, std::int64_t offset) const {
    const StorageId& storage = tensor.storage;
    const std::string shape = engine::to_text(std::span<const std::int64_t>(tensor.dims));
    if (offset > storage.view_count) refuse("begins after the end of its storage");
    tensor.offset = storage.view_first + offset;
    if (std::ranges::find(tensor.dims, 0) != tensor.dims.end()) return;
    std::int64_t count = 1;
    std::int64_t room = storage.view_count - offset - 1;  // for the largest index
    for (std::size_t i = 0; i < tensor.dims.size(); ++i) {
      const std::int64_t steps = tensor.dims[i] - 1;
      if (steps > 0 && tensor.strides[i] > room / steps) room = -1;
      if (room < 0) break;
      room -= steps * tensor.strides[i];
      if (tensor.dims[i] > storage.view_count / count) {
        refuse("(" + shape + ") repeats its elements (a view made by expand)",
               "save a copy: tensor.contiguous()");
      }
      count *= tensor.dims[i];
    }
    if (room < 0) {
      refuse("(" + shape + ") leaves its storage of " + std::to_string(storage.view_count) +
             " elements");
    }
  }

  const Pickle& pickle_;
  std::string_view where_;
  std::string name_;
};

// The elements in row-major order. `bytes` is the whole storage.
std::vector<std::byte> gather(const StoredTensor& tensor, std::span<const std::byte> bytes,
                              std::size_t count) {
  const std::size_t width = tensor.storage.element_bytes();
  std::vector<std::byte> packed(count * width);
  engine::Dims index(tensor.dims.size(), 0);
  std::int64_t at = tensor.offset;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(packed.data() + i * width, bytes.data() + static_cast<std::size_t>(at) * width,
                width);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      at += tensor.strides[axis];
      if (++index[axis] < tensor.dims[axis]) break;
      at -= index[axis] * tensor.strides[axis];
      index[axis] = 0;
    }
  }
  return packed;
}

bool is_contiguous(const StoredTensor& tensor) {
  std::int64_t stride = 1;
  for (std::size_t axis = tensor.dims.size(); axis-- > 0;) {
    if (tensor.dims[axis] != 1 && tensor.strides[axis] != stride) return false;
    stride *= tensor.dims[axis];
  }
  return true;
}

// max |binary32 - original| / |original| over little-endian binary64 elements.
double largest_relative_change(std::span<const std::byte> bytes, std::span<const float> values) {
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto original =
        std::bit_cast<double>(load_little<std::uint64_t>(bytes.data() + i * sizeof(double)));
    if (!std::isfinite(original) || original == 0 || !std::isfinite(values[i])) continue;
    largest = std::max(largest, std::abs((static_cast<double>(values[i]) - original) / original));
  }
  return largest;
}

}  // namespace

Checkpoint::Checkpoint(std::span<const std::byte> file, std::string_view where,
                       std::string_view key)
    : where_(where) {
  const bool zip = ZipReader::is_zip(file);
  format_ = zip ? "zip" : "legacy";
  Contents contents = read_contents(file, where, zip);
  pickle_ = std::move(contents.pickle);
  storages_ = std::move(contents.storages);
  const StateDict dict = find_state_dict(*pickle_, key, where);
  key_ = dict.key;
  const auto items = pickle_->items(dict.value);
  std::unordered_set<std::string_view> names;
  TensorParser parser(*pickle_, where);
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind != PickleKind::kText) continue;
    const std::string_view name = pickle_->text(items[i]);
    if (!names.insert(name).second) {
      throw Error(ErrorKind::kBadFile, where, "tensor " + printable(name) + " is there twice",
                  kSaveAgain);
    }
    if (items[i + 1].kind == PickleKind::kTensor) {
      tensors_.push_back(parser.parse(std::string(name), items[i + 1]));
    } else {
      ignored_.emplace_back(name);
    }
  }
}

Checkpoint::~Checkpoint() = default;

LoadedValues Checkpoint::load(const StoredTensor& tensor) const {
  if (!is_decodable(tensor.dtype)) {
    throw Error(
        ErrorKind::kBadFile, where_,
        "tensor " + printable(tensor.name) + " is of type " + std::string(dtype_name(tensor.dtype)),
        "weights are floating-point numbers (F64, F32, F16, BF16): save them so");
  }
  const std::span<const std::byte> storage = storages_->bytes(tensor.storage);
  LoadedValues loaded{engine::Tensor::uninitialized(tensor.dims), {}, 0};
  const std::size_t width = tensor.storage.element_bytes();
  const std::size_t count = loaded.values.size();
  std::vector<std::byte> packed;
  std::span<const std::byte> bytes;
  if (count != 0 && is_contiguous(tensor)) {
    bytes = storage.subspan(static_cast<std::size_t>(tensor.offset) * width, count * width);
  } else {
    packed = gather(tensor, storage, count);
    bytes = packed;
  }
  loaded.report = decode(tensor.dtype, bytes, loaded.values.values());
  if (loaded.report.rounded > 0) {
    loaded.largest_relative_change = largest_relative_change(bytes, loaded.values.values());
  }
  return loaded;
}

}  // namespace apatite::weights::torch
