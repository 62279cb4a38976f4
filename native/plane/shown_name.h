#pragma once

#include <string_view>

#include "core/bytes.h"
#include "core/command_table.h"
#include "core/request_framer.h"

namespace slotgate {

/// The name by which clients call the command of a request, for those who look at what clients
/// send. In `frame` it has the name that servers know, at `own`.
[[nodiscard]] inline Bytes shown_name(const Command& command, Bytes frame,
                                      const Arg& own) noexcept {
  if ((command.flags & kFlagRenamed) == 0) return {frame.data + own.offset, own.length};
  const std::string_view called = command.row->called;
  return bytes_of(called.substr(0, called.find('|')));
}

}  // namespace slotgate
