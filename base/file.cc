#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
  const std::string reason = std::generic_category().message(errno);
  throw Error(ErrorKind::kIo, path.string(), "cannot " + std::string(action) + " (" + reason + ")");
}

}  // namespace

ReadOnlyFile::ReadOnlyFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) fail(path, "open");
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    ::close(descriptor_);
    fail(path, "stat");
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(ErrorKind::kIo, path.string(),
                S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file",
                "pass a file");
  }
  size_ = static_cast<std::size_t>(status.st_size);
}

ReadOnlyFile::~ReadOnlyFile() { ::close(descriptor_); }

MappedFile::MappedFile(const std::filesystem::path& path) {
  const ReadOnlyFile file(path);
  size_ = file.size();
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (address == MAP_FAILED) fail(path, "map");
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::release(std::span<const std::byte> part) const noexcept {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(part.data());
  const auto begin = (first + page - 1) / page * page;
  const auto end = (first + part.size()) / page * page;
  if (begin >= end) return;
  ::madvise(const_cast<std::byte*>(part.data() + (begin - first)), end - begin, MADV_DONTNEED);
}

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  const ReadOnlyFile file(path);
  if (file.size() > limit) {
    throw Error(ErrorKind::kBadFile, path.string(),
                "has " + with_thousands(static_cast<std::int64_t>(file.size())) +
                    " bytes, more than the " + with_thousands(static_cast<std::int64_t>(limit)) +
                    " allowed for this kind of file");
  }
  std::string content(file.size(), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::read(file.descriptor(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return content;
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  std::string name = path_.string() + ".partial-XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(path_, "create");
  temporary_ = name;
  // mkostemp makes the file private to its owner; give it what an ordinary new file would have.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, static_cast<mode_t>(0666) & ~mask) != 0) fail(path_, "create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) fail(path_, "flush");
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, "close");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "rename");
  temporary_.clear();
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace apatite
