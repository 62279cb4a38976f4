#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slotgate {

/// Error replies that say "I did not execute this".
enum class RefusalKind : std::uint8_t {
  kNone,  ///< any other error: it is the client's
  kMoved,
  kAsk,
  kTryAgain,
  kDown,      ///< CLUSTERDOWN, LOADING, MASTERDOWN: the server cannot serve the slot now
  kReadonly,  ///< READONLY: it was demoted, or it is no primary any more
  kNoScript,  ///< NOSCRIPT: it does not have the script
};

struct Refusal {
  RefusalKind kind = RefusalKind::kNone;
  std::uint16_t slot = 0;     ///< kMoved, kAsk
  std::string_view endpoint;  ///< kMoved, kAsk: `host:port`; the host may be empty
};

/// Reads an error line ("-MOVED 3999 127.0.0.1:6381\r\n"). A malformed redirect is kNoIndex.
/// Source: Redis Cluster specification, "MOVED Redirection" and "ASK redirection".
[[nodiscard]] Refusal parse_refusal(std::string_view line) noexcept;

/// What a client is told when a refused request is not repeated: the server's words, but no
/// redirect, which a client of one endpoint could not follow. `refusal` with or without CRLF; the
/// result has it.
[[nodiscard]] std::string shown_refusal(std::string_view refusal, std::uint16_t slot);

}  // namespace slotgate
