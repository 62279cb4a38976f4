#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace slotgate {

/// How fast something may be used: `rate` units per second, those of one second at once. What was
/// used beyond that has to be waited for. Any thread; the clocks of all of them must agree.
/// Source: the generic cell rate algorithm (ITU-T I.371), in its virtual scheduling form.
class Pace {
 public:
  /// Units that may be used now.
  [[nodiscard]] std::uint64_t room(std::uint32_t rate, std::uint64_t now_ms) const noexcept {
    return room_in(debt_ns(free_at_ns_.load(std::memory_order_relaxed), now_ms), rate);
  }
  /// Uses units, whether there is room for them or not.
  void use(std::uint64_t units, std::uint32_t rate, std::uint64_t now_ms) noexcept {
    change(now_ms, [&](std::uint64_t from_ns) { return from_ns + cost_ns(units, rate); });
  }
  /// Uses a unit if there is room for it.
  [[nodiscard]] bool try_use(std::uint32_t rate, std::uint64_t now_ms) noexcept {
    bool used = false;
    change(now_ms, [&](std::uint64_t from_ns) {
      used = room_in(debt_ns(from_ns, now_ms), rate) != 0;
      return used ? from_ns + cost_ns(1, rate) : from_ns;
    });
    return used;
  }
  /// Uses a unit ahead of time. Returns when there is room for it, in milliseconds.
  [[nodiscard]] std::uint64_t reserve(std::uint32_t rate, std::uint64_t now_ms) noexcept {
    std::uint64_t next_ns = 0;
    change(now_ms, [&](std::uint64_t from_ns) { return next_ns = from_ns + cost_ns(1, rate); });
    return ready_ms(next_ns);
  }
  /// When there is room for a unit, in milliseconds; may be past.
  [[nodiscard]] std::uint64_t ready_at_ms(std::uint32_t rate) const noexcept {
    const std::uint64_t unit_ns = (kSecondNs + rate - 1) / rate;
    return ready_ms(free_at_ns_.load(std::memory_order_relaxed) + unit_ns);
  }
  /// Nothing has been used.
  void reset() noexcept { free_at_ns_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t kSecondNs = 1'000'000'000;
  static constexpr std::uint64_t kMillisecondNs = 1'000'000;

  static std::uint64_t cost_ns(std::uint64_t units, std::uint32_t rate) noexcept {
    return units * kSecondNs / rate;
  }
  static std::uint64_t room_in(std::uint64_t debt_ns, std::uint32_t rate) noexcept {
    return debt_ns >= kSecondNs ? 0 : (kSecondNs - debt_ns) * rate / kSecondNs;
  }
  static std::uint64_t debt_ns(std::uint64_t free_at_ns, std::uint64_t now_ms) noexcept {
    const std::uint64_t now_ns = now_ms * kMillisecondNs;
    return free_at_ns > now_ns ? free_at_ns - now_ns : 0;
  }
  static std::uint64_t ready_ms(std::uint64_t free_at_ns) noexcept {
    const std::uint64_t at_ns = free_at_ns > kSecondNs ? free_at_ns - kSecondNs : 0;
    return (at_ns + kMillisecondNs - 1) / kMillisecondNs;
  }
  template <typename Change>
  void change(std::uint64_t now_ms, Change&& next) noexcept {
    std::uint64_t before = free_at_ns_.load(std::memory_order_relaxed);
    while (!free_at_ns_.compare_exchange_weak(
        before, next(std::max(before, now_ms * kMillisecondNs)), std::memory_order_relaxed)) {
    }
  }

  /// When all that was used is regained.
  std::atomic<std::uint64_t> free_at_ns_{0};
};

}  // namespace slotgate
