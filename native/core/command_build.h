#pragma once

#include <cstdint>
#include <string>

#include "core/command_table.h"

namespace slotgate {

/// True if `row` can be made into a Command; otherwise a sentence in `error` that names the row.
bool check_row(const CommandRow& row, std::string& error);

/// `row`, which check_row() accepted, made ready for the hot path. `row` must outlive the result.
Command make_command(const CommandRow& row, std::uint16_t id) noexcept;

}  // namespace slotgate
