#include "core/decimal.h"

#include <limits>

namespace slotgate {

bool parse_decimal(Bytes text, std::int64_t& value) noexcept {
  constexpr std::uint64_t kMagnitudeMax = std::numeric_limits<std::int64_t>::max();
  const bool negative = text.size > 0 && text.data[0] == '-';
  const std::uint8_t* const digits = text.data + (negative ? 1 : 0);
  const std::size_t count = text.size - (negative ? 1 : 0);
  // 19 digits cannot overflow 64 unsigned bits, 20 digits never fit 63.
  if (count == 0 || count > 19) return false;
  if (digits[0] == '0' && (count > 1 || negative)) return false;
  std::uint64_t magnitude = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t digit = static_cast<std::uint32_t>(digits[i]) - '0';
    if (digit > 9) return false;
    magnitude = magnitude * 10 + digit;
  }
  if (magnitude > kMagnitudeMax + (negative ? 1 : 0)) return false;
  value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

std::uint32_t decimal_digits(std::uint32_t value) noexcept {
  std::uint32_t digits = 1;
  while (value >= 10) {
    value /= 10;
    ++digits;
  }
  return digits;
}

std::uint8_t* write_decimal(std::uint8_t* out, std::uint32_t value) noexcept {
  std::uint8_t* const end = out + decimal_digits(value);
  std::uint8_t* digit = end;
  do {
    *--digit = static_cast<std::uint8_t>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return end;
}

std::uint8_t* write_length_line(std::uint8_t* out, char marker, std::uint32_t value) noexcept {
  *out++ = static_cast<std::uint8_t>(marker);
  out = write_decimal(out, value);
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

}  // namespace slotgate
