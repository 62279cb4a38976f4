#pragma once

#include <cstdint>

#include "plane/request.h"

namespace slotgate {

/// All slots, for SlotMemory.
inline constexpr std::uint64_t kEverySlot = ~std::uint64_t{0};

[[nodiscard]] inline std::uint64_t slot_bit(std::uint16_t slot) noexcept {
  return std::uint64_t{1} << (slot % 64);
}

/// To which slots, modulo 64, a client has sent requests of one kind that matter still: they are
/// unanswered, or were answered not long ago. It may remember slots for longer, never for less.
///
/// Two generations: the older one is forgotten as a whole when its last request does not matter any
/// more, and the younger one takes its place.
class SlotMemory {
 public:
  /// The request with number `arrival` was sent. `slots` has a bit for each of its slots.
  void add(std::uint64_t slots, std::uint32_t arrival) noexcept {
    young_.slots |= slots;
    young_.last = arrival;
    young_.answered = false;
  }
  /// The client got the reply to a request, of whatever kind; they come in the order of the
  /// requests.
  void answered(std::uint32_t arrival, std::uint64_t now_ms) noexcept {
    old_.note(arrival, now_ms);
    young_.note(arrival, now_ms);
  }
  /// True if there may be a request to one of `slots` that is unanswered, or was answered less than
  /// `keep_ms` ago.
  [[nodiscard]] bool has(std::uint64_t slots, std::uint64_t now_ms,
                         std::uint64_t keep_ms) noexcept {
    for (int i = 0; i < 2 && old_.is_over(now_ms, keep_ms); ++i) {
      old_ = young_;
      young_ = {};
    }
    return ((old_.slots | young_.slots) & slots) != 0;
  }

 private:
  struct Generation {
    std::uint64_t slots = 0;
    std::uint64_t answered_ms = 0;
    std::uint32_t last = 0;  ///< arrival number of its youngest request
    bool answered = false;

    void note(std::uint32_t arrival, std::uint64_t now_ms) noexcept {
      if (answered || is_younger(last, arrival)) return;
      answered = true;
      answered_ms = now_ms;
    }
    [[nodiscard]] bool is_over(std::uint64_t now_ms, std::uint64_t keep_ms) const noexcept {
      return slots == 0 || (answered && now_ms - answered_ms >= keep_ms);
    }
  };
  Generation old_;
  Generation young_;
};

/// What decides where a client's reads go, while there are replicas to read from.
struct ReadMemory {
  SlotMemory writes;       ///< everything that may have changed something
  SlotMemory at_replicas;  ///< reads that replicas were asked for
  /// Until then it is served by primaries: it sends reads and writes to the same slots in one go, or
  /// it may have written before anybody remembered its writes.
  std::uint64_t primary_until_ms = 0;

  void answered(std::uint32_t arrival, std::uint64_t now_ms) noexcept {
    writes.answered(arrival, now_ms);
    at_replicas.answered(arrival, now_ms);
  }
};

}  // namespace slotgate
