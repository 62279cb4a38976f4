#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace slotgate::test {

/// Repeatable pseudo-random numbers (splitmix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }

  /// In [0, bound); `bound` > 0.
  std::size_t below(std::size_t bound) noexcept { return next() % bound; }

  /// Any bytes, `size` of them.
  std::string bytes(std::size_t size) {
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(next());
    return text;
  }

 private:
  std::uint64_t state_;
};

}  // namespace slotgate::test
