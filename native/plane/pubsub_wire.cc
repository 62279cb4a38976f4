#include "plane/pubsub_wire.h"

#include <array>
#include <cassert>

#include "core/decimal.h"
#include "plane/reply_text.h"

namespace slotgate {

namespace {

/// The protocol's words, by family.
using Words = std::array<std::string_view, kPubSubFamilies>;
constexpr Words kSubscribeWords = {"subscribe", "psubscribe", "ssubscribe"};
constexpr Words kUnsubscribeWords = {"unsubscribe", "punsubscribe", "sunsubscribe"};
constexpr Words kMessageWords = {"message", "pmessage", "smessage"};

std::string_view word_of(PubSubAction action, PubSubFamily family) noexcept {
  assert(action == PubSubAction::kSubscribe || action == PubSubAction::kUnsubscribe);
  const Words& words = action == PubSubAction::kSubscribe ? kSubscribeWords : kUnsubscribeWords;
  return words[static_cast<std::size_t>(family)];
}

/// Takes the bulk string at the front of `rest`; false if something else is there.
bool take_bulk(std::string_view& rest, std::string_view& text) noexcept {
  const std::size_t line = rest.find("\r\n");
  std::int64_t size = 0;
  if (!rest.starts_with('$') || line == std::string_view::npos ||
      !parse_decimal(bytes_of(rest.substr(1, line - 1)), size) || size < 0 ||
      rest.size() < line + 4 + static_cast<std::size_t>(size)) {
    return false;
  }
  text = rest.substr(line + 2, static_cast<std::size_t>(size));
  rest.remove_prefix(line + 4 + static_cast<std::size_t>(size));
  return true;
}

bool find_word(const Words& words, std::string_view word, PubSubFamily& family) noexcept {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != word) continue;
    family = static_cast<PubSubFamily>(i);
    return true;
  }
  return false;
}

PubSubPush::Kind kind_of(std::string_view word, PubSubFamily& family) noexcept {
  if (find_word(kMessageWords, word, family)) return PubSubPush::Kind::kMessage;
  if (find_word(kSubscribeWords, word, family)) return PubSubPush::Kind::kSubscribed;
  if (find_word(kUnsubscribeWords, word, family)) return PubSubPush::Kind::kUnsubscribed;
  return PubSubPush::Kind::kOther;
}

}  // namespace

PubSubPush parse_pubsub_push(std::string_view frame) noexcept {
  PubSubPush push;
  const std::size_t line = frame.find("\r\n");
  if (!frame.starts_with('>') || line == std::string_view::npos) return {};
  frame.remove_prefix(line + 2);
  std::string_view word;
  if (!take_bulk(frame, word)) return {};
  push.kind = kind_of(word, push.family);
  if (push.kind == PubSubPush::Kind::kOther || !take_bulk(frame, push.name)) return {};
  push.channel = push.name;
  const bool of_pattern =
      push.kind == PubSubPush::Kind::kMessage && push.family == PubSubFamily::kPattern;
  if (of_pattern && !take_bulk(frame, push.channel)) return {};
  return push;
}

std::string subscription_request(PubSubAction action, PubSubFamily family, std::string_view name) {
  return "*2\r\n" + bulk_reply(word_of(action, family)) + bulk_reply(name);
}

std::string subscription_reply(std::uint8_t protocol, PubSubAction action, PubSubFamily family,
                               std::optional<std::string_view> name, std::size_t count) {
  std::string reply = protocol == 3 ? ">3\r\n" : "*3\r\n";
  reply += bulk_reply(word_of(action, family));
  reply += name ? bulk_reply(*name) : protocol == 3 ? "_\r\n" : "$-1\r\n";
  return reply + ":" + std::to_string(count) + "\r\n";
}

}  // namespace slotgate
