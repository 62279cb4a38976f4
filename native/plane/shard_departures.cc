#include "plane/shard_departures.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/pubsub.h"

namespace slotgate {

namespace {

/// Entries of lists of channels and of subscribers that a slice goes through, beside one client's.
constexpr std::size_t kEntriesPerSlice = 128 * 1024;

}  // namespace

void ShardDepartures::published(const Presentations& presentations) noexcept {
  const bool any_elsewhere = std::any_of(presentations.begin(), presentations.end(),
                                         [](const auto& shown) { return !shown.targets.empty(); });
  if (!any_elsewhere) return;
  running_ = true;
  next_ = 0;
}

void ShardDepartures::run_slice() {
  const std::uint32_t end = std::min(context_.clients.extent(), next_ + kLooksPerSlice);
  std::size_t entries = 0;
  for (; next_ < end && entries < kEntriesPerSlice && !context_.client_io->is_pushing_much();
       ++next_) {
    Client& client = context_.clients[next_];
    if (client.id == 0 || client.closing) continue;
    entries += context_.pubsub->leave_elsewhere(client);
  }
  running_ = next_ < context_.clients.extent();
}

}  // namespace slotgate
