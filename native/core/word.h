#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace slotgate {

// Short strings as 64-bit words, so that names and keys are folded, compared and searched eight
// bytes at a time. The overlapping loads below need little endian.
static_assert(std::endian::native == std::endian::little);

/// Eight bytes at `data`, in memory order.
[[nodiscard]] inline std::uint64_t load_word(const std::uint8_t* data) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, data, sizeof word);
  return word;
}

/// `size` < 8 bytes at `data`, padded with zero bytes. Reads nothing beyond them.
[[nodiscard]] inline std::uint64_t load_short_word(const std::uint8_t* data,
                                                   std::size_t size) noexcept {
  if (size >= 4) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, data, sizeof low);
    std::memcpy(&high, data + size - 4, sizeof high);
    return low | (static_cast<std::uint64_t>(high) << ((size - 4) * 8));
  }
  if (size == 0) return 0;
  const std::size_t middle = size / 2;
  return data[0] | (static_cast<std::uint64_t>(data[middle]) << (middle * 8)) |
         (static_cast<std::uint64_t>(data[size - 1]) << ((size - 1) * 8));
}

/// `word` with ASCII upper case letters made lower case.
[[nodiscard]] inline std::uint64_t fold_case(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const std::uint64_t low_bits = word & (kOnes * 0x7f);
  const std::uint64_t at_least_a = low_bits + kOnes * (0x80 - 'A');
  const std::uint64_t above_z = low_bits + kOnes * (0x7f - 'Z');
  const std::uint64_t upper = ~word & (at_least_a ^ above_z) & (kOnes * 0x80);
  return word | (upper >> 2);
}

[[nodiscard]] inline std::uint8_t fold_case(std::uint8_t byte) noexcept {
  const bool upper = byte >= 'A' && byte <= 'Z';
  return static_cast<std::uint8_t>(byte | (upper ? 0x20U : 0U));
}

/// True if one of the eight bytes of `word` is `byte`.
[[nodiscard]] inline bool word_has_byte(std::uint64_t word, std::uint8_t byte) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const std::uint64_t difference = word ^ (kOnes * byte);
  return ((difference - kOnes) & ~difference & (kOnes * 0x80)) != 0;
}

/// True if the two bytes at `data` are CR LF.
[[nodiscard]] inline bool is_crlf(const std::uint8_t* data) noexcept {
  return data[0] == '\r' && data[1] == '\n';
}

}  // namespace slotgate
