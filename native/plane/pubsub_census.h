#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/command_table.h"
#include "plane/route_snapshot.h"

namespace slotgate {

/// What the census calls a server.
[[nodiscard]] inline const std::string& census_name(const ServerEntry& server) noexcept {
  return server.node_id.empty() ? server.label : server.node_id;
}

/// Who is subscribed to what in all workers of a plane: clients, and our own links at the servers.
/// Servers count links where a program expects clients; this is what it takes to say it right.
/// Any thread. Written when a subscription begins or ends, never for a message.
class PubSubCensus {
 public:
  /// A client's subscription began (`by` 1) or ended (-1).
  void add_client(std::uint32_t database, PubSubFamily family, const std::string& name,
                  std::int32_t by);
  /// The same for a subscription of one of our links at `node`.
  void add_link(std::uint32_t database, PubSubFamily family, const std::string& name,
                const std::string& node, std::int32_t by);

  /// True while there is any subscription.
  [[nodiscard]] bool any() const noexcept { return total_.load(std::memory_order_relaxed) != 0; }

  /// What is to be added to the number of receivers that `node` counted for a message to `channel`:
  /// our clients, less our links there.
  [[nodiscard]] std::int64_t receivers(std::uint32_t database, bool shard,
                                       const std::string& channel, const std::string& node) const;

  struct Count {
    std::int64_t clients = 0;
    std::int64_t links = 0;  ///< at all servers
  };
  /// Subscriptions to each of `names`.
  [[nodiscard]] std::vector<Count> counts(std::uint32_t database, PubSubFamily family,
                                          const std::vector<std::string>& names) const;
  /// Names to which links are subscribed, but no client any more.
  [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> without_clients(
      std::uint32_t database, PubSubFamily family) const;
  /// Different patterns of clients, and the sum over the servers of different patterns of links.
  [[nodiscard]] Count patterns(std::uint32_t database) const;

 private:
  struct Entry {
    std::int64_t clients = 0;
    std::vector<std::pair<std::string, std::int64_t>> links;  ///< by node
    [[nodiscard]] std::int64_t links_at(std::string_view node) const noexcept;
    [[nodiscard]] std::int64_t all_links() const noexcept;
  };
  using Names = std::unordered_map<std::string, Entry>;
  using Families = std::array<Names, kPubSubFamilies>;

  Entry& entry(std::uint32_t database, PubSubFamily family, const std::string& name);
  void drop_if_empty(std::uint32_t database, PubSubFamily family, const std::string& name);
  [[nodiscard]] const Names* names(std::uint32_t database, PubSubFamily family) const;

  mutable std::shared_mutex mutex_;
  std::atomic<std::uint64_t> total_{0};
  std::unordered_map<std::uint32_t, Families> databases_;
};

}  // namespace slotgate
