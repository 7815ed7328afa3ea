#include <string>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "weights/torch/formats.h"
#include "weights/torch/refusal.h"
#include "weights/torch/zip.h"

namespace apatite::weights::torch {
namespace {

class ZipStorages final : public StorageSource {
 public:
  ZipStorages(ZipReader zip, std::string folder, std::string_view where)
      : zip_(std::move(zip)), folder_(std::move(folder)), where_(where) {}

  [[nodiscard]] std::span<const std::byte> bytes(const StorageId& id) const override {
    const ZipEntry* entry = zip_.find(folder_ + "data/" + std::string(id.key));
    if (entry == nullptr) refuse(id, "is missing");
    if (entry->data.size() != id.bytes()) {
      refuse(id, "has " + std::to_string(entry->data.size()) + " bytes, its pickle says " +
                     std::to_string(id.bytes()));
    }
    if (verified_.contains(entry)) return entry->data;
    const auto data = zip_.read(*entry);
    verified_.insert(entry);
    return data;
  }

 private:
  [[noreturn]] void refuse(const StorageId& id, const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_, "storage " + printable(id.key) + " " + what, kDamaged);
  }

  ZipReader zip_;
  std::string folder_;
  std::string where_;
  mutable std::unordered_set<const ZipEntry*> verified_;  // each CRC is computed once
};

// The folder in the archive that holds data.pkl, with a slash at its end.
std::string find_folder(const ZipReader& zip, std::string_view where) {
  constexpr std::string_view kPickle = "data.pkl";
  const ZipEntry* found = nullptr;
  for (const ZipEntry& entry : zip.entries()) {
    if (entry.name != kPickle && !entry.name.ends_with("/data.pkl")) continue;
    if (found != nullptr) {
      throw Error(ErrorKind::kBadFile, where, "a zip archive with more than one data.pkl",
                  kSaveAgain);
    }
    found = &entry;
  }
  if (found == nullptr) {
    throw Error(ErrorKind::kBadFile, where, "a zip archive without data.pkl: no torch checkpoint",
                "give a file that torch.save wrote");
  }
  return std::string(found->name.substr(0, found->name.size() - kPickle.size()));
}

}  // namespace

Contents read_zip(std::span<const std::byte> file, std::string_view where) {
  ZipReader zip(file, where);
  const std::string folder = find_folder(zip, where);
  if (zip.find(folder + "constants.pkl") != nullptr) {
    throw Error(ErrorKind::kBadFile, where, "a TorchScript program, not a checkpoint",
                "save its weights: torch.save(torch.jit.load(FILE).state_dict(), \"weights.pth\")");
  }
  if (const ZipEntry* order = zip.find(folder + "byteorder"); order != nullptr) {
    if (as_text(zip.read(*order)) != "little") {
      throw Error(ErrorKind::kBadFile, where, "a checkpoint of a big-endian machine",
                  "load and save it again with torch on a little-endian one");
    }
  }
  const std::span<const std::byte> bytes = zip.read(*zip.find(folder + "data.pkl"));
  auto pickle = std::make_unique<Pickle>(bytes, where);
  if (pickle->size() != bytes.size()) {
    throw Error(ErrorKind::kBadFile, where, "its data.pkl has bytes after the pickle's end",
                kSaveAgain);
  }
  return {std::move(pickle), std::make_unique<ZipStorages>(std::move(zip), folder, where)};
}

}  // namespace apatite::weights::torch
