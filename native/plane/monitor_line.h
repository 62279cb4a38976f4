#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/request_framer.h"

namespace slotgate {

struct Client;

/// `host:port` of a client, or `unix:path`, as MONITOR shows it.
[[nodiscard]] std::string monitor_address(const Client& client);

/// Appends a line of MONITOR: time, database and address, then the arguments, quoted.
///
///   +1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
///
/// `name` is shown in place of the first argument. `secret`: those behind it may be passwords and
/// are not shown.
void append_monitor_line(std::string& out, std::uint64_t microseconds, const std::string& address,
                         Bytes name, Bytes frame, const std::vector<Arg>& args, bool secret);

}  // namespace slotgate
