#include "plane/monitor_line.h"

#include <cstdio>

#include "plane/client_address.h"

namespace slotgate {

namespace {

/// As redis-server quotes what may be any bytes.
void append_quoted(std::string& out, Bytes bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < bytes.size; ++i) {
    const std::uint8_t byte = bytes.data[i];
    switch (byte) {
      case '\\':
      case '"':
        out += '\\';
        out += static_cast<char>(byte);
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (byte >= ' ' && byte <= '~') {
          out += static_cast<char>(byte);
        } else {
          out += "\\x";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        }
    }
  }
  out += '"';
}

}  // namespace

std::string monitor_address(const Client& client) {
  const std::string address = client_address(client);
  // `path:0` of a unix socket.
  return is_at_unix_socket(client) ? "unix:" + address.substr(0, address.rfind(':')) : address;
}

void append_monitor_line(std::string& out, std::uint64_t microseconds, const std::string& address,
                         Bytes name, Bytes frame, const std::vector<Arg>& args, bool secret) {
  char time[40];
  std::snprintf(time, sizeof time, "+%llu.%06u",
                static_cast<unsigned long long>(microseconds / 1000000),
                static_cast<unsigned>(microseconds % 1000000));
  out += time;
  out += " [0 " + address + "]";
  out += ' ';
  append_quoted(out, name);
  for (std::size_t i = 1; i < args.size(); ++i) {
    out += ' ';
    if (secret) {
      out += "\"(redacted)\"";
    } else {
      append_quoted(out, {frame.data + args[i].offset, args[i].length});
    }
  }
  out += "\r\n";
}

}  // namespace slotgate
