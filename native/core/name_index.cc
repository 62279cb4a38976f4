#include "core/name_index.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/word.h"

namespace slotgate {
namespace {

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;  // 2^64 / golden ratio
constexpr std::uint64_t kSeedsMax = 256;

}  // namespace

NameIndex::Words NameIndex::words_of(Bytes name) noexcept {
  if (name.size < 8) return {fold_case(load_short_word(name.data, name.size)), 0};
  return {fold_case(load_word(name.data)), fold_case(load_word(name.data + name.size - 8))};
}

bool NameIndex::same_middle(Bytes name, std::string_view indexed) noexcept {
  for (std::size_t i = 8; i + 8 < name.size; ++i) {
    if (fold_case(name.data[i]) != static_cast<std::uint8_t>(indexed[i])) return false;
  }
  return true;
}

std::uint64_t NameIndex::hash(Bytes name, Words words) const noexcept {
  std::uint64_t mixed = (words.head ^ seed_) * kMultiplier;
  mixed ^= std::rotl(mixed, 29) + (words.tail + name.size) * (kMultiplier | seed_);
  for (std::size_t i = 8; i + 8 < name.size; i += 8) {
    mixed = (std::rotl(mixed, 23) ^ fold_case(load_word(name.data + i))) * kMultiplier;
  }
  mixed = (mixed ^ (mixed >> 32)) * kMultiplier;
  return mixed ^ (mixed >> 29);
}

std::size_t NameIndex::bucket_of(std::uint64_t hash) const noexcept {
  return (hash >> 40) & (displacements_.size() - 1);
}

std::size_t NameIndex::slot_of(std::uint64_t hash, std::uint32_t displacement) const noexcept {
  return (hash ^ displacement) & (slots_.size() - 1);
}

std::uint16_t NameIndex::find(Bytes name) const noexcept {
  if (slots_.empty()) return kNotFound;
  const Words words = words_of(name);
  const std::uint64_t hashed = hash(name, words);
  const Slot& slot = slots_[slot_of(hashed, displacements_[bucket_of(hashed)])];
  const bool same = slot.words.head == words.head && slot.words.tail == words.tail &&
                    slot.size == name.size;
  if (!same || (name.size > 16 && !same_middle(name, names_[slot.number]))) return kNotFound;
  return slot.number;
}

bool NameIndex::build(const std::vector<std::string_view>& names) {
  names_ = names;
  slots_.clear();
  if (names.empty()) return true;
  displacements_.resize(std::bit_ceil(names.size()) / 2 + 1);
  displacements_.resize(std::bit_ceil(displacements_.size()));
  std::vector<std::uint64_t> hashes(names.size());
  for (std::uint64_t attempt = 0; attempt < kSeedsMax; ++attempt) {
    seed_ = attempt * kMultiplier;
    for (std::size_t i = 0; i < names.size(); ++i) {
      hashes[i] = hash(bytes_of(names[i]), words_of(bytes_of(names[i])));
    }
    slots_.assign(std::bit_ceil(names.size() * 2), Slot{});
    std::fill(displacements_.begin(), displacements_.end(), 0U);
    if (place_all(hashes)) return true;
  }
  slots_.clear();
  return false;
}

/// Places the fullest buckets first, while there is most room.
bool NameIndex::place_all(const std::vector<std::uint64_t>& hashes) {
  std::vector<std::vector<std::uint16_t>> members(displacements_.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    members[bucket_of(hashes[i])].push_back(static_cast<std::uint16_t>(i));
  }
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&members](std::size_t left, std::size_t right) {
    return members[left].size() > members[right].size();
  });
  return std::all_of(order.begin(), order.end(), [&](std::size_t bucket) {
    return place_bucket(members[bucket], hashes, bucket);
  });
}

/// Tries displacements until all names of the bucket fall on free slots.
bool NameIndex::place_bucket(const std::vector<std::uint16_t>& members,
                             const std::vector<std::uint64_t>& hashes, std::size_t bucket) {
  const auto slot_count = static_cast<std::uint32_t>(slots_.size());
  for (std::uint32_t displacement = 0; displacement < slot_count; ++displacement) {
    std::size_t placed = 0;
    for (; placed < members.size(); ++placed) {
      const std::uint16_t number = members[placed];
      Slot& slot = slots_[slot_of(hashes[number], displacement)];
      if (slot.number != kNotFound) break;
      const Bytes name = bytes_of(names_[number]);
      slot = {words_of(name), static_cast<std::uint32_t>(name.size), number};
    }
    displacements_[bucket] = displacement;
    if (placed == members.size()) return true;
    while (placed > 0) slots_[slot_of(hashes[members[--placed]], displacement)] = Slot{};
  }
  return false;
}

}  // namespace slotgate
