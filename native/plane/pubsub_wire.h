#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/command_table.h"

namespace slotgate {

/// What channels of keyspace notifications begin with.
inline constexpr std::array<std::string_view, 2> kKeyspacePrefixes = {"__keyspace@", "__keyevent@"};

/// A push of a server on a subscription link. Views into the frame.
struct PubSubPush {
  enum class Kind : std::uint8_t { kOther, kMessage, kSubscribed, kUnsubscribed };
  Kind kind = Kind::kOther;
  PubSubFamily family = PubSubFamily::kChannel;
  /// The channel or pattern that was subscribed to.
  std::string_view name;
  /// kMessage: the channel that was published to.
  std::string_view channel;
};

/// Reads a complete RESP3 push (">3\r\n$7\r\nmessage\r\n…"). What is none of the kinds is kOther.
/// Source: Redis documentation, "Pub/Sub", "Wire protocol push messages".
[[nodiscard]] PubSubPush parse_pubsub_push(std::string_view frame) noexcept;

/// The request by which a link begins or ends one subscription.
[[nodiscard]] std::string subscription_request(PubSubAction action, PubSubFamily family,
                                               std::string_view name);

/// What a client is told of one name: `count` is what it is subscribed to from now on. Without a
/// name: it had no subscription to end.
[[nodiscard]] std::string subscription_reply(std::uint8_t protocol, PubSubAction action,
                                             PubSubFamily family,
                                             std::optional<std::string_view> name,
                                             std::size_t count);

}  // namespace slotgate
