#include "plane/refusal.h"

#include <charconv>

#include "core/crc16.h"
#include "plane/reply_text.h"

namespace slotgate {

namespace {

Refusal parse_redirect(RefusalKind kind, std::string_view rest) noexcept {
  Refusal refusal;
  unsigned slot = 0;
  const char* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, slot);
  if (error != std::errc{} || slot >= kSlotCount || stop == end || *stop != ' ') return refusal;
  refusal.endpoint = std::string_view(stop + 1, static_cast<std::size_t>(end - stop - 1));
  if (refusal.endpoint.rfind(':') == std::string_view::npos && refusal.endpoint != "?")
    return refusal;
  refusal.kind = kind;
  refusal.slot = static_cast<std::uint16_t>(slot);
  return refusal;
}

}  // namespace

Refusal parse_refusal(std::string_view line) noexcept {
  line = without_crlf(line);
  const std::string_view word = error_word(line);
  const std::string_view rest =
      line.substr(line.size() > word.size() + 1 ? word.size() + 2 : line.size());
  Refusal refusal;
  if (word == "MOVED") return parse_redirect(RefusalKind::kMoved, rest);
  if (word == "ASK") return parse_redirect(RefusalKind::kAsk, rest);
  if (word == "TRYAGAIN") refusal.kind = RefusalKind::kTryAgain;
  if (word == "CLUSTERDOWN" || word == "LOADING" || word == "MASTERDOWN")
    refusal.kind = RefusalKind::kDown;
  if (word == "READONLY") refusal.kind = RefusalKind::kReadonly;
  if (word == "NOSCRIPT") refusal.kind = RefusalKind::kNoScript;
  return refusal;
}

std::string shown_refusal(std::string_view refusal, std::uint16_t slot) {
  const RefusalKind kind = parse_refusal(refusal).kind;
  const bool redirect = kind == RefusalKind::kMoved || kind == RefusalKind::kAsk;
  if (!redirect && !refusal.empty()) return with_crlf(refusal);
  return "-TRYAGAIN slot " + std::to_string(slot) +
         (redirect ? " is being moved" : " waits for older requests") +
         "; nothing was executed\r\n";
}

}  // namespace slotgate
