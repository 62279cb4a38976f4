#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/bytes.h"

namespace slotgate {

/// What servers name a script by.
using Sha1Digest = std::array<std::uint8_t, 20>;

/// SHA-1 of `data`. Not for secrets. Source: FIPS 180-4. Check: "abc" gives a9993e36…9cd0d89d.
[[nodiscard]] Sha1Digest sha1(Bytes data) noexcept;

/// The digest as 40 hexadecimal digits, lower case.
[[nodiscard]] std::string hex_text(const Sha1Digest& digest);

/// Reads 40 hexadecimal digits of any case. False if `text` is anything else; `digest` then has no
/// meaning.
[[nodiscard]] bool parse_hex(Bytes text, Sha1Digest& digest) noexcept;

}  // namespace slotgate
