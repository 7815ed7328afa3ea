#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "weights/torch/formats.h"
#include "weights/torch/refusal.h"

namespace apatite::weights::torch {
namespace {

// 0x1950a86a20f9469cfc6c, ten bytes, lowest first.
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr std::int64_t kVersion = 1001;

class LegacyStorages final : public StorageSource {
 public:
  explicit LegacyStorages(std::string_view where) : where_(where) {}

  void add(const StorageId& id, std::span<const std::byte> bytes) {
    if (!by_key_.emplace(id.key, bytes).second) {
      throw Error(ErrorKind::kBadFile, where_, "storage " + printable(id.key) + " is there twice",
                  kDamaged);
    }
  }

  [[nodiscard]] std::span<const std::byte> bytes(const StorageId& id) const override {
    const auto found = by_key_.find(id.key);
    if (found == by_key_.end()) {
      throw Error(ErrorKind::kBadFile, where_, "storage " + printable(id.key) + " is missing",
                  kDamaged);
    }
    if (found->second.size() != id.bytes()) {
      throw Error(ErrorKind::kBadFile, where_,
                  "storage " + printable(id.key) + " is used with two sizes", kDamaged);
    }
    return found->second;
  }

 private:
  std::string where_;
  std::unordered_map<std::string_view, std::span<const std::byte>> by_key_;
};

class Reader {
 public:
  Reader(std::span<const std::byte> file, std::string_view where) : rest_(file), where_(where) {}

  Contents read() {
    const Pickle magic = next();
    if (magic.root().kind != PickleKind::kLong || magic.text(magic.root()) != kMagic) {
      refuse("does not begin with torch's magic number");
    }
    const Pickle version = next();
    if (version.root().kind != PickleKind::kInteger || version.root().integer != kVersion) {
      refuse("is of an unknown version of the legacy format");
    }
    check_machine(next());
    auto pickle = std::make_unique<Pickle>(next());
    return {std::move(pickle), nullptr};
  }

  // The storages, in the order of the list of keys. What they are is said in `object`.
  std::unique_ptr<StorageSource> storages(const Pickle& object) {
    const Pickle keys = next();
    if (keys.root().kind != PickleKind::kList) refuse("has no list of storages");
    std::unordered_map<std::string_view, StorageId> ids;
    for (const PickleValue value : object.storages()) {
      const StorageId id = storage_id(object, value, where_);
      ids.emplace(id.key, id);
    }
    auto storages = std::make_unique<LegacyStorages>(where_);
    for (const PickleValue key : keys.items(keys.root())) {
      const auto found = key.kind == PickleKind::kText ? ids.find(keys.text(key)) : ids.end();
      if (found == ids.end()) refuse("lists a storage that its pickle does not use");
      const StorageId& id = found->second;
      const auto count = load_little<std::uint64_t>(take(sizeof(std::uint64_t)).data());
      if (count != static_cast<std::uint64_t>(id.count)) {
        refuse("holds " + std::to_string(count) + " elements for storage " + printable(id.key) +
               ", its pickle says " + std::to_string(id.count));
      }
      storages->add(id, take(id.bytes()));
    }
    if (!rest_.empty()) refuse("has bytes after its last storage");
    return storages;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_, what, kDamaged);
  }
  Pickle next() {
    Pickle pickle(rest_, where_);
    rest_ = rest_.subspan(pickle.size());
    return pickle;
  }
  std::span<const std::byte> take(std::size_t count) {
    if (count > rest_.size()) refuse("ends inside its storages");
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  // {"protocol_version": 1001, "little_endian": True, "type_sizes": {...}}
  void check_machine(const Pickle& facts) const {
    if (facts.root().kind != PickleKind::kDict) refuse("has no facts of its machine");
    const auto items = facts.items(facts.root());
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (items[i].kind != PickleKind::kText || facts.text(items[i]) != "little_endian") continue;
      if (items[i + 1].kind == PickleKind::kBool && items[i + 1].integer == 1) return;
      throw Error(ErrorKind::kBadFile, where_, "a checkpoint of a big-endian machine",
                  "load and save it again with torch on a little-endian one");
    }
    refuse("does not say its byte order");
  }

  std::span<const std::byte> rest_;
  std::string_view where_;
};

}  // namespace

bool is_legacy(std::span<const std::byte> file) {
  // PROTO, LONG1, length: the first 15 bytes of the file hold the number.
  return as_text(file.first(std::min<std::size_t>(file.size(), 32))).find(kMagic) !=
         std::string_view::npos;
}

Contents read_legacy(std::span<const std::byte> file, std::string_view where) {
  Reader reader(file, where);
  Contents contents = reader.read();
  contents.storages = reader.storages(*contents.pickle);
  return contents;
}

}  // namespace apatite::weights::torch
