#include "image/decoder/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace apatite::image {

int SharedMemory::create() {
  const int descriptor = ::memfd_create("apatite-samples", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor >= 0 && ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0) {
    return descriptor;
  }
  const std::string reason = std::strerror(errno);
  if (descriptor >= 0) ::close(descriptor);
  throw Error(ErrorKind::kInternal, "decoder processes",
              "cannot make memory to share (" + reason + ")",
              "the system lacks descriptors or memory");
}

SharedMemory::~SharedMemory() {
  if (address_ != nullptr) ::munmap(address_, mapped_);
  ::close(descriptor_);
}

std::size_t SharedMemory::size() const {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

std::byte* SharedMemory::map(std::size_t bytes) {
  if (bytes <= mapped_) return address_;
  if (bytes > size()) return nullptr;
  if (address_ != nullptr) ::munmap(address_, mapped_);
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  address_ = address == MAP_FAILED ? nullptr : static_cast<std::byte*>(address);
  mapped_ = address_ == nullptr ? 0 : bytes;
  return address_;
}

std::byte* SharedMemory::grow_and_map(std::size_t bytes) {
  if (bytes > size() && ::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) return nullptr;
  return map(bytes);
}

}  // namespace apatite::image
