#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"

namespace slotgate {

/// The number that all of `text` spells, in the only spelling a Redis server prints: an optional
/// minus, then digits without leading zeros ("-0" is none). False if it is anything else or does
/// not fit 64 bits; `value` is then unchanged.
[[nodiscard]] bool parse_decimal(Bytes text, std::int64_t& value) noexcept;

/// Number of decimal digits of `value`, at least 1.
[[nodiscard]] std::uint32_t decimal_digits(std::uint32_t value) noexcept;

/// Writes `value` in decimal to `out` (room for 10 bytes). Returns the end of what was written.
std::uint8_t* write_decimal(std::uint8_t* out, std::uint32_t value) noexcept;

/// Writes `marker`, `value` and CR LF, for example "$12\r\n" (room for 13 bytes).
std::uint8_t* write_length_line(std::uint8_t* out, char marker, std::uint32_t value) noexcept;

}  // namespace slotgate
