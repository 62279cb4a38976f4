#pragma once

#include <array>
#include <cstdint>

#include "core/crc16.h"

namespace slotgate {

/// What each slot leads to: a small number (a worker's index of a server), or kUnassigned. 32 KiB;
/// each worker owns a mutable copy. The top bit marks slots whose requests take the slow path
/// (held, fenced), so that the fast path needs one load and one compare.
class SlotMap {
 public:
  static constexpr std::uint16_t kUnassigned = 0x7fff;
  static constexpr std::uint16_t kSlowBit = 0x8000;

  SlotMap() noexcept { entries_.fill(kUnassigned | kSlowBit); }

  /// The raw entry: an index below kUnassigned means "send it there, now".
  [[nodiscard]] std::uint16_t entry(std::uint16_t slot) const noexcept { return entries_[slot]; }
  [[nodiscard]] std::uint16_t owner(std::uint16_t slot) const noexcept {
    return static_cast<std::uint16_t>(entries_[slot] & ~kSlowBit);
  }
  /// Changes the owner, keeps the mark; a slot without owner is always marked.
  void set_owner(std::uint16_t slot, std::uint16_t owner) noexcept {
    const std::uint16_t mark = owner == kUnassigned ? kSlowBit : (entries_[slot] & kSlowBit);
    entries_[slot] = static_cast<std::uint16_t>(owner | mark);
  }
  void mark_slow(std::uint16_t slot) noexcept {
    entries_[slot] = static_cast<std::uint16_t>(entries_[slot] | kSlowBit);
  }
  /// No effect on a slot without owner.
  void clear_slow(std::uint16_t slot) noexcept {
    if (owner(slot) != kUnassigned) entries_[slot] = owner(slot);
  }

 private:
  std::array<std::uint16_t, kSlotCount> entries_;
};

}  // namespace slotgate
