#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/command_table.h"
#include "plane/slab.h"

namespace slotgate {

struct PubSubTopic;

/// A SUBSCRIBE whose confirmation waits for servers.
struct PendingSubscription {
  std::uint32_t request = kNoIndex;
  PubSubFamily family = PubSubFamily::kChannel;
  std::vector<PubSubTopic*> asked;  ///< in the order of the arguments, repeats included
  std::vector<PubSubTopic*> held;   ///< those that are new to the client, once each
  std::size_t remaining = 0;        ///< of `held`: not live yet
  std::uint64_t deadline_ms = 0;
};

/// What a client is subscribed to. A topic stays with the user whom the client was when it
/// subscribed.
struct Subscriptions {
  /// By name, which the topic owns.
  using Topics = std::unordered_map<std::string_view, PubSubTopic*>;
  std::array<Topics, kPubSubFamilies> topics;
  std::unique_ptr<PendingSubscription> pending;

  [[nodiscard]] Topics& of(PubSubFamily family) noexcept {
    return topics[static_cast<std::size_t>(family)];
  }
  [[nodiscard]] std::size_t count(PubSubFamily family) const noexcept {
    return topics[static_cast<std::size_t>(family)].size();
  }
  /// The number that a server tells the client: shard channels are counted apart.
  [[nodiscard]] std::size_t told_count(PubSubFamily family) const noexcept {
    return family == PubSubFamily::kShard
               ? count(family)
               : count(PubSubFamily::kChannel) + count(PubSubFamily::kPattern);
  }
  /// The client is a subscriber: over RESP2 it may do little else.
  [[nodiscard]] bool any() const noexcept {
    return !topics[0].empty() || !topics[1].empty() || !topics[2].empty();
  }
};

}  // namespace slotgate
