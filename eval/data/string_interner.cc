#include "eval/data/string_interner.h"

#include <limits>

#include "base/csv.h"
#include "base/error.h"
#include "base/random.h"

namespace apatite::eval {
namespace {

constexpr unsigned kLengthBits = 23;
constexpr std::uint64_t kLengthMask = (std::uint64_t{1} << kLengthBits) - 1;

// Depends on every byte: eight bytes at a time through the project's mixing function.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t state = text.size();
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    word = word << 8U | static_cast<unsigned char>(text[i]);
    if (i % 8 == 7) state = random_bits(state, word);
  }
  return random_bits(state, word);
}

}  // namespace

std::string_view StringInterner::raw(std::int32_t id) const {
  const std::uint64_t place = places_[static_cast<std::size_t>(id)];
  return base_.substr(place >> kLengthBits, place & kLengthMask);
}

std::string StringInterner::name(std::int32_t id) const { return csv_unescape(raw(id)); }

std::size_t StringInterner::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = (hash >> 32U) & mask;; slot = (slot + 1) & mask) {
    const std::uint64_t taken = slots_[slot];
    if (taken == 0) return slot;
    if (taken >> 32U != hash >> 32U) continue;
    const auto id = static_cast<std::int32_t>((taken & 0xffffffffU) - 1);
    const bool same = low_hashes_[static_cast<std::size_t>(id)] == (hash & 0xffffffffU);
    if (same && raw(id) == text) return slot;
  }
}

void StringInterner::rehash(std::size_t slots) {
  std::vector<std::uint64_t> old(slots, 0);
  old.swap(slots_);
  const std::size_t mask = slots - 1;
  for (const std::uint64_t taken : old) {
    if (taken == 0) continue;
    std::size_t slot = (taken >> 32U) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = taken;
  }
}

StringInterner::Added StringInterner::add(std::string_view text) {
  if (5 * (places_.size() + 1) > 4 * slots_.size()) {
    rehash(slots_.empty() ? 64 : 2 * slots_.size());
  }
  const std::uint64_t hash = hash_of(text);
  const std::size_t slot = slot_of(text, hash);
  if (slots_[slot] != 0) {
    return {static_cast<std::int32_t>((slots_[slot] & 0xffffffffU) - 1), false};
  }
  if (text.size() > kLengthMask || places_.size() >= std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorKind::kBadFile, "table", "has a name of 8 MiB or more, or 2^31 names");
  }
  const auto offset = static_cast<std::uint64_t>(text.data() - base_.data());
  places_.push_back(offset << kLengthBits | text.size());
  low_hashes_.push_back(static_cast<std::uint32_t>(hash));
  slots_[slot] = hash >> 32U << 32U | places_.size();
  return {static_cast<std::int32_t>(places_.size() - 1), true};
}

std::int32_t StringInterner::find(std::string_view text) const {
  if (slots_.empty()) return -1;
  const std::uint64_t taken = slots_[slot_of(text, hash_of(text))];
  return static_cast<std::int32_t>(taken & 0xffffffffU) - 1;
}

void StringInterner::reserve(std::size_t count) {
  places_.reserve(count);
  low_hashes_.reserve(count);
  std::size_t slots = 64;
  while (4 * slots < 5 * (count + 1)) slots *= 2;
  if (slots > slots_.size()) rehash(slots);
}

void StringInterner::forget_lookup() {
  // Assigning {} would keep the memory.
  std::vector<std::uint64_t>().swap(slots_);
  std::vector<std::uint32_t>().swap(low_hashes_);
}

}  // namespace apatite::eval
