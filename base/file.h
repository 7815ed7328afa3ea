// Files: memory-mapped reading and atomic writing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace apatite {

// An open regular file and its size when it was opened. Throws Error (kIo) if it is missing, not a
// regular file or unreadable.
class ReadOnlyFile {
 public:
  explicit ReadOnlyFile(const std::filesystem::path& path);
  ~ReadOnlyFile();
  ReadOnlyFile(const ReadOnlyFile&) = delete;
  ReadOnlyFile& operator=(const ReadOnlyFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  int descriptor_;
  std::size_t size_ = 0;
};

// A regular file mapped read-only. Throws Error (kIo) if it is missing, not a regular file or
// unreadable. An empty file maps to an empty span. If another program shortens the file while it
// is mapped, reading the lost part raises SIGBUS, as with every mapping.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

  // Tells the system that `part` (of bytes()) is no longer needed in memory; it stays readable.
  void release(std::span<const std::byte> part) const noexcept;

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// The whole file as bytes, at most `limit` of them. Throws Error: kIo if it cannot be read,
// kBadFile if it is larger.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

// A file that appears under its name only when complete: written to a temporary file beside it,
// flushed to the disk and renamed by commit(). Without commit() nothing is left behind.
class AtomicFile {
 public:
  // Throws Error (kIo) if the folder is missing or not writable.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

// AtomicFile in one call.
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace apatite
