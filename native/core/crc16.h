#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace slotgate {

/// Number of hash slots of a Redis Cluster.
inline constexpr std::uint32_t kSlotCount = 16384;

/// CRC16 (XMODEM: polynomial 0x1021, initial value 0, no reflection) of `data`. Slice-by-8.
/// Check: "123456789" gives 0x31c3.
[[nodiscard]] std::uint16_t crc16(Bytes data) noexcept;

/// Hash slot of `key`, in [0, kSlotCount).
/// If the first "{" and the first "}" to its right enclose at least one byte, only those are
/// hashed. Any bytes are valid, the empty key included (slot 0). Never fails, never allocates.
/// Source: Redis Cluster specification, "Hash tags". Check: "123456789" is slot 12739.
[[nodiscard]] std::uint16_t slot_for_key(Bytes key) noexcept;

}  // namespace slotgate
