#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slotgate {

/// Borrowed bytes; valid only for the call unless a docstring says otherwise.
struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;

  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(data), size};
  }
};

/// The same bytes as `text`, as unsigned bytes.
[[nodiscard]] inline Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace slotgate
