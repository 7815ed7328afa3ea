#include "weights/torch/zip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/error.h"
#include "weights/torch/refusal.h"

namespace apatite::weights::torch {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDescriptor = 0x08074b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEndRecord = 0x06054b50;
constexpr std::uint32_t kEndRecord64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;

constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kLocatorSize = 20;

constexpr std::uint16_t kEncrypted = 1U << 0U | 1U << 6U | 1U << 13U;
constexpr std::uint16_t kHasDescriptor = 1U << 3U;
// Deflate's level (meaningless for stored data), descriptor, UTF-8 name.
constexpr std::uint16_t kKnownFlags = 1U << 1U | 1U << 2U | kHasDescriptor | 1U << 11U;

constexpr std::uint16_t kZip64Extra = 1;
constexpr auto kIn64 = std::numeric_limits<std::uint32_t>::max();  // "see the zip64 extra field"

// Where the central directory lies and how many entries it has.
struct Directory {
  std::uint64_t offset;
  std::uint64_t size;
  std::uint64_t entries;
};

struct CentralHeader {
  std::uint16_t flags;
  std::uint16_t method;
  std::uint32_t crc32;
  std::uint64_t compressed;
  std::uint64_t size;
  std::uint64_t offset;  // of the local header
  std::string_view name;
};

// A parsed entry and the bytes of the file that it takes: header, data and descriptor.
struct Placed {
  ZipEntry entry;
  std::uint64_t begin;
  std::uint64_t end;
};

class Parser {
 public:
  Parser(std::span<const std::byte> file, std::string_view where) : file_(file), where_(where) {}

  std::vector<Placed> parse() {
    const Directory directory = find_directory();
    std::vector<Placed> placed;
    std::uint64_t at = directory.offset;
    const std::uint64_t end = directory.offset + directory.size;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      placed.push_back(place(central_header(at, end), directory.offset));
    }
    if (at != end) refuse("its directory is longer than its entries", kDamaged);
    return placed;
  }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string_view remedy) const {
    throw Error(ErrorKind::kBadFile, where_, what, remedy);
  }
  [[noreturn]] void refuse_entry(std::string_view name, std::string_view what,
                                 std::string_view remedy) const {
    refuse("zip entry '" + printable(name) + "' " + std::string(what), remedy);
  }

  std::uint16_t u16(std::uint64_t at) const {
    return load_little<std::uint16_t>(file_.data() + at);
  }
  std::uint32_t u32(std::uint64_t at) const {
    return load_little<std::uint32_t>(file_.data() + at);
  }
  std::uint64_t u64(std::uint64_t at) const {
    return load_little<std::uint64_t>(file_.data() + at);
  }

  // The end record must be the last bytes of the file (torch writes no comment), so that there is
  // one reading of the archive.
  Directory find_directory() const {
    if (file_.size() < kEndSize || u32(file_.size() - kEndSize) != kEndRecord) {
      refuse("a zip archive that does not end with a zip end record", kDamaged);
    }
    const std::uint64_t end = file_.size() - kEndSize;
    if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != u16(end + 10)) {
      refuse("a zip archive in several parts", kSaveAgain);
    }
    if (u16(end + 20) != 0) refuse("its zip end record has a wrong comment length", kDamaged);
    Directory directory{u32(end + 16), u32(end + 12), u16(end + 10)};
    std::uint64_t limit = end;
    if (end >= kLocatorSize + kEnd64Size && u32(end - kLocatorSize) == kLocator64) {
      limit = read_end64(end - kLocatorSize, directory);
    } else if (directory.offset == kIn64 || directory.size == kIn64 ||
               directory.entries == std::numeric_limits<std::uint16_t>::max()) {
      refuse("a zip64 archive without its zip64 end record", kDamaged);
    }
    if (directory.offset > limit || directory.size != limit - directory.offset) {
      refuse("its zip directory does not lie where the end record says", kDamaged);
    }
    if (directory.entries > directory.size / kCentralSize) {
      refuse("its zip end record claims " + std::to_string(directory.entries) +
                 " entries, more than fit into its directory",
             kDamaged);
    }
    return directory;
  }

  // Reads the zip64 end record, which must stand right before its locator, into `directory`, after
  // a check that the plain record says the same where it says anything. Returns its offset.
  std::uint64_t read_end64(std::uint64_t locator, Directory& directory) const {
    const std::uint64_t at = locator - kEnd64Size;
    if (u64(locator + 8) != at || u32(at) != kEndRecord64 || u64(at + 4) != kEnd64Size - 12) {
      refuse("its zip64 end record is not where its locator says", kDamaged);
    }
    if (u32(locator + 4) != 0 || u32(locator + 16) != 1 || u32(at + 16) != 0 || u32(at + 20) != 0 ||
        u64(at + 24) != u64(at + 32)) {
      refuse("a zip archive in several parts", kSaveAgain);
    }
    const Directory wide{u64(at + 48), u64(at + 40), u64(at + 32)};
    const bool agree = (directory.offset == kIn64 || directory.offset == wide.offset) &&
                       (directory.size == kIn64 || directory.size == wide.size) &&
                       (directory.entries == std::numeric_limits<std::uint16_t>::max() ||
                        directory.entries == wide.entries);
    if (!agree) refuse("its two zip end records disagree", kDamaged);
    directory = wide;
    return at;
  }

  // The zip64 extra field's values, in the standard's order, for each of `fields` that says kIn64.
  void widen(std::span<const std::byte> extra, std::initializer_list<std::uint64_t*> fields,
             std::string_view name) const {
    if (std::none_of(fields.begin(), fields.end(), [](const auto* f) { return *f == kIn64; })) {
      return;
    }
    while (extra.size() >= 4) {
      const auto id = load_little<std::uint16_t>(extra.data());
      const std::size_t size = load_little<std::uint16_t>(extra.data() + 2);
      if (size > extra.size() - 4) break;
      if (id == kZip64Extra) {
        std::size_t at = 4;
        for (std::uint64_t* field : fields) {
          if (*field != kIn64) continue;
          if (at + 8 > size + 4) refuse_entry(name, "lacks a size in its zip64 field", kDamaged);
          *field = load_little<std::uint64_t>(extra.data() + at);
          at += 8;
        }
        return;
      }
      extra = extra.subspan(4 + size);
    }
    refuse_entry(name, "lacks its zip64 field", kDamaged);
  }

  // Parses the header at `at` and moves `at` behind it.
  CentralHeader central_header(std::uint64_t& at, std::uint64_t end) const {
    if (end - at < kCentralSize || u32(at) != kCentralHeader) {
      refuse("its zip directory is broken", kDamaged);
    }
    const std::uint64_t name = u16(at + 28);
    const std::uint64_t extra = u16(at + 30);
    const std::uint64_t comment = u16(at + 32);
    if (name + extra + comment > end - at - kCentralSize) {
      refuse("its zip directory is broken", kDamaged);
    }
    CentralHeader header{u16(at + 8),
                         u16(at + 10),
                         u32(at + 16),
                         u32(at + 20),
                         u32(at + 24),
                         u32(at + 42),
                         as_text(file_.subspan(at + kCentralSize, name))};
    if (u16(at + 34) != 0) refuse("a zip archive in several parts", kSaveAgain);
    widen(file_.subspan(at + kCentralSize + name, extra),
          {&header.size, &header.compressed, &header.offset}, header.name);
    at += kCentralSize + name + extra + comment;
    return header;
  }

  Placed place(const CentralHeader& header, std::uint64_t limit) const {
    if ((header.flags & kEncrypted) != 0) {
      refuse_entry(header.name, "is encrypted", "save the checkpoint without a password");
    }
    if (header.method != 0) {
      refuse_entry(header.name,
                   "is compressed (method " + std::to_string(header.method) + ", claims " +
                       std::to_string(header.size) + " bytes), and torch.save never compresses",
                   kSaveAgain);
    }
    if ((header.flags & ~kKnownFlags) != 0) {
      refuse_entry(header.name, "has unknown flags", kSaveAgain);
    }
    if (header.compressed != header.size) {
      refuse_entry(header.name, "is stored but has two different sizes", kDamaged);
    }
    if (header.offset > limit || limit - header.offset < kLocalSize ||
        u32(header.offset) != kLocalHeader) {
      refuse_entry(header.name, "is not where the directory says", kDamaged);
    }
    const std::uint64_t at = header.offset;
    const std::uint64_t names = std::uint64_t{u16(at + 26)} + u16(at + 28);
    if (names > limit - at - kLocalSize) refuse_entry(header.name, "leaves the file", kDamaged);
    check_local(header);
    const std::uint64_t data = at + kLocalSize + names;
    if (header.size > limit - data) {
      refuse_entry(header.name,
                   "claims " + std::to_string(header.size) + " bytes, more than the file holds",
                   kDamaged);
    }
    std::uint64_t end = data + header.size;
    if ((header.flags & kHasDescriptor) != 0) end += descriptor_size(header, end, limit);
    return {{header.name, file_.subspan(data, header.size), header.crc32}, at, end};
  }

  // The local header must say what the directory says; with a descriptor, zeros stand for sizes
  // and CRC.
  void check_local(const CentralHeader& header) const {
    const std::uint64_t at = header.offset;
    const std::size_t name = u16(at + 26);
    std::uint64_t size = u32(at + 22);
    std::uint64_t compressed = u32(at + 18);
    const std::uint32_t crc = u32(at + 14);
    const bool later = (header.flags & kHasDescriptor) != 0;
    if (!(later && size == 0 && compressed == 0 && crc == 0)) {
      widen(file_.subspan(at + kLocalSize + name, u16(at + 28)), {&size, &compressed}, header.name);
      if (size != header.size || compressed != header.compressed || crc != header.crc32) {
        refuse_entry(header.name, "has other sizes in its header than in the directory", kDamaged);
      }
    }
    if (as_text(file_.subspan(at + kLocalSize, name)) != header.name ||
        u16(at + 6) != header.flags || u16(at + 8) != header.method) {
      refuse_entry(header.name, "has another header than the directory says", kDamaged);
    }
  }

  // A descriptor has 32-bit or, in a zip64 entry, 64-bit sizes; both repeat the directory.
  std::uint64_t descriptor_size(const CentralHeader& header, std::uint64_t at,
                                std::uint64_t limit) const {
    const std::uint64_t room = limit - at;
    if (room >= 16 && u32(at) == kDescriptor && u32(at + 4) == header.crc32) {
      if (u32(at + 8) == header.compressed && u32(at + 12) == header.size) return 16;
      if (room >= 24 && u64(at + 8) == header.compressed && u64(at + 16) == header.size) return 24;
    }
    refuse_entry(header.name, "has another data descriptor than the directory says", kDamaged);
  }

  std::span<const std::byte> file_;
  std::string_view where_;
};

}  // namespace

ZipReader::ZipReader(std::span<const std::byte> file, std::string_view where) : where_(where) {
  std::vector<Placed> placed = Parser(file, where).parse();
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; });
  std::uint64_t end = 0;
  for (const Placed& p : placed) {
    if (p.begin < end) {
      throw Error(ErrorKind::kBadFile, where_,
                  "zip entry '" + printable(p.entry.name) + "' overlaps another", kDamaged);
    }
    end = p.end;
    if (!by_name_.emplace(p.entry.name, entries_.size()).second) {
      throw Error(ErrorKind::kBadFile, where_,
                  "zip entry '" + printable(p.entry.name) + "' is there twice", kSaveAgain);
    }
    entries_.push_back(p.entry);
  }
}

const ZipEntry* ZipReader::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

std::span<const std::byte> ZipReader::read(const ZipEntry& entry) const {
  const auto crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(entry.data.data()),
                             static_cast<z_size_t>(entry.data.size()));
  if (crc != entry.crc32) {
    throw Error(ErrorKind::kBadFile, where_,
                "zip entry '" + printable(entry.name) + "' does not have its CRC-32", kDamaged);
  }
  return entry.data;
}

bool ZipReader::is_zip(std::span<const std::byte> file) {
  if (file.size() < 4) return false;
  const auto magic = load_little<std::uint32_t>(file.data());
  return magic == kLocalHeader || magic == kEndRecord;
}

}  // namespace apatite::weights::torch
