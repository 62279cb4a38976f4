#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "test/feed.h"

namespace slotgate::fuzz {

/// What a fuzzer's bytes mean: how the wire arrives, then the wire.
///
///   [ options ][ count ][ count × size of a piece ][ wire … ]
struct CutInput {
  std::uint8_t options = 0;
  test::Pieces pieces;
  std::string_view wire;
};

/// Any bytes are a valid input. Pieces have 1 to 256 bytes; at most 15 are given, the rest of the
/// wire arrives at once.
[[nodiscard]] inline CutInput read_cut_input(const std::uint8_t* data, std::size_t size) {
  CutInput input;
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto take = [&bytes]() -> std::uint8_t {
    if (bytes.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(bytes[0]);
    bytes.remove_prefix(1);
    return byte;
  };
  input.options = take();
  const std::size_t count = take() % 16U;
  for (std::size_t i = 0; i < count; ++i) input.pieces.push_back(std::size_t{take()} + 1);
  input.wire = bytes;
  return input;
}

}  // namespace slotgate::fuzz
