#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "core/request_framer.h"

namespace slotgate {

/// Splits the line of an inline request as redis-server does: blanks separate arguments; "…" with
/// the escapes \n \r \t \b \a \xHH and \<any>; '…' with the escape \'; a closing quote must be
/// followed by a blank or the end. Writes the request in multibulk form to `frame` and its
/// arguments (none for a blank line) to `args`, replacing what was there. `line` has no NUL byte
/// and no line end. False if quotes are not balanced.
/// Source: sdssplitargs of redis-server 7.
bool encode_inline_request(Bytes line, std::vector<std::uint8_t>& frame, std::vector<Arg>& args);

}  // namespace slotgate
