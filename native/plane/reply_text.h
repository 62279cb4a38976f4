#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace slotgate {

/// `data` without the CRLF at its end.
[[nodiscard]] inline std::string_view without_crlf(std::string_view data) noexcept {
  return data.ends_with("\r\n") ? data.substr(0, data.size() - 2) : data;
}

/// `line` with exactly one CRLF at its end.
[[nodiscard]] inline std::string with_crlf(std::string_view line) {
  return std::string(without_crlf(line)) + "\r\n";
}

/// The first word of an error line "-WORD text", without the dash.
[[nodiscard]] inline std::string_view error_word(std::string_view line) noexcept {
  if (line.empty() || line.front() != '-') return {};
  line.remove_prefix(1);
  return line.substr(0, line.find_first_of(" \r"));
}

/// Reads the integer reply ":n\r\n" exactly (64 bits); false if it is not one.
[[nodiscard]] inline bool parse_integer_reply(std::string_view reply,
                                              std::int64_t& value) noexcept {
  reply = without_crlf(reply);
  if (reply.size() < 2 || reply.front() != ':') return false;
  const auto [end, error] = std::from_chars(reply.data() + 1, reply.data() + reply.size(), value);
  return error == std::errc{} && end == reply.data() + reply.size();
}

/// `text` as a bulk string.
[[nodiscard]] inline std::string bulk_reply(std::string_view text) {
  std::string reply = "$" + std::to_string(text.size()) + "\r\n";
  reply.append(text);
  reply.append("\r\n");
  return reply;
}

}  // namespace slotgate
