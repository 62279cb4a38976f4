#pragma once

#include <cstdint>
#include <string_view>

#include "core/command_table.h"

namespace slotgate {

/// True if a complete reply, or the beginning of one, can only come from a server that has the key
/// that was asked for. Null, zero, negative numbers, an empty string, `none`, errors, and
/// aggregates of nothing else may mean that there is no such key. Looks no further than to the
/// first element that says something. RESP2 and RESP3.
[[nodiscard]] bool has_substance(std::string_view reply) noexcept;

/// True if the complete reply to a command that can be divided shows that none of its `keys` is
/// missing. kArrayInOrder: no element is null. kSum: all were counted. False for others.
[[nodiscard]] bool has_all_keys(Split split, std::size_t keys, std::string_view reply) noexcept;

}  // namespace slotgate
