// How a worker takes over a new snapshot.
#include <algorithm>

#include "plane/pubsub.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// How long a link may keep unanswered requests of slots that its server lost.
constexpr std::uint64_t kDoomGraceMs = 1000;

/// How long a command may go on waiting at a server that lost all its slots: one that lives throws
/// it out.
constexpr std::uint64_t kThrowOutMs = 3000;

/// Which servers own slots, by number.
std::vector<bool> owners_of_slots(const Database& database) {
  std::vector<bool> owners(database.servers.size(), false);
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
    const std::uint16_t owner = database.slots.owner(static_cast<std::uint16_t>(slot));
    if (owner < owners.size()) owners[owner] = true;
  }
  return owners;
}

/// The worker's numbers of the snapshot's servers; new ones are added, missing ones marked.
std::vector<std::uint16_t> number_servers(Database& database, const RouteSnapshot& snapshot) {
  for (const auto& server : database.servers) server->listed = false;
  std::vector<std::uint16_t> numbers;
  for (const ServerEntry& entry : snapshot.servers) {
    Server* found = nullptr;
    for (const auto& server : database.servers) {
      if (server->entry.same_place(entry)) found = server.get();
    }
    if (found == nullptr) {
      found = database.servers.emplace_back(std::make_unique<Server>()).get();
      found->index = static_cast<std::uint16_t>(database.servers.size() - 1);
    }
    found->entry = entry;
    found->listed = true;
    numbers.push_back(found->index);
  }
  return numbers;
}

}  // namespace

void Redirector::fence(Database& database, Link& link, std::uint32_t place) {
  Request& request = context_.requests[link.in_flight.at(place)];
  request.flags |= kReqWatchOrder;
  SlotQueue& queue = queue_for(database, request.slot);
  const std::uint64_t sequence = link.answered + place + 1;
  const auto mine = std::find_if(queue.fences.begin(), queue.fences.end(),
                                 [&](const LinkFence& fence) { return fence.link == &link; });
  if (mine != queue.fences.end()) {
    mine->sequence = sequence;
  } else {
    queue.fences.push_back({&link, sequence});
  }
  link.fenced = true;
  if (queue.reason == HoldReason::kNone) queue.reason = HoldReason::kFence;
}

void Redirector::fence_former_owner(Database& database, const Server& former, std::uint16_t slot) {
  // Errands and streamed requests are all that their clients have on the way.
  constexpr std::uint16_t kAlone = kReqInternal | kReqErrand | kReqStreamed;
  for (const auto& link : former.links) {
    if (link->kind == LinkKind::kReader) continue;
    for (std::uint32_t i = 0; i < link->in_flight.size(); ++i) {
      const Request& request = context_.requests[link->in_flight.at(i)];
      if (request.slot == slot && (request.flags & kAlone) == 0) fence(database, *link, i);
    }
  }
}

void Redirector::fence_all(Link& link) {
  Database& database = *link.database;
  for (std::uint32_t i = 0; i < link.in_flight.size(); ++i) {
    Request& request = context_.requests[link.in_flight.at(i)];
    if (request.client == kNoIndex) continue;         // ours, or nobody's any more
    if ((request.flags & kReqErrand) != 0) continue;  // its client waits for it anyway
    SlotQueue& queue = queue_for(database, request.slot);
    Parking* parking = parking_of(queue, request.client);
    if (parking == nullptr) parking = &begin_parking(queue, request.client);
    request.flags |= kReqWatchOrder;
    parking->fence = {&link, link.answered + i + 1};
    link.fenced = true;
  }
}

void Redirector::look_after(Database& database, Link& link, const std::vector<bool>& changed,
                            bool owned_slots, bool owns_slots) {
  const Server& server = *link.server;
  const bool lost_all = owned_slots && !owns_slots;
  bool owns_any = false;
  bool foreign = false;
  bool waits = false;
  for (std::uint32_t i = 0; i < link.in_flight.size(); ++i) {
    const Request& request = context_.requests[link.in_flight.at(i)];
    const bool errand = (request.flags & kReqErrand) != 0;
    waits = waits || (request.flags & kReqWaits) != 0;
    if ((request.flags & kReqInternal) != 0 || (errand && server.listed)) continue;
    const bool asked = (request.flags & kReqAsking) != 0;
    const bool owns = asked || database.slots.owner(request.slot) == server.index;
    owns_any = owns_any || owns;
    foreign = foreign || !owns;
    // What former owners have not answered yet fences the slots that left them.
    if (!owns && !errand && changed[request.slot]) fence(database, link, i);
  }
  const bool already = link.doomed_at_ms != 0 && !owns_slots;
  const bool thrown_out = waits && server.listed && (lost_all || already);
  if ((owns_any || !foreign) && !thrown_out) {
    link.doomed_at_ms = 0;
  } else if (link.doomed_at_ms == 0) {
    link.doomed_at_ms = context_.now_ms + (thrown_out ? kThrowOutMs : kDoomGraceMs);
    link.doomed_sequence = link.next_sequence();
  }
}

void Redirector::adopt(Database& database, std::shared_ptr<const RouteSnapshot> snapshot) {
  const std::vector<bool> owned = owners_of_slots(database);
  const std::vector<std::uint16_t> numbers = number_servers(database, *snapshot);
  std::vector<bool> changed(kSlotCount, false);
  std::vector<bool> left(database.servers.size(), false);
  for (std::uint32_t i = 0; i < kSlotCount; ++i) {
    const auto slot = static_cast<std::uint16_t>(i);
    const std::uint16_t given = snapshot->slot_to_server[slot];
    const std::uint16_t owner = given < numbers.size() ? numbers[given] : SlotMap::kUnassigned;
    const std::uint16_t before = database.slots.owner(slot);
    if (const auto it = database.overrides.find(slot); it != database.overrides.end()) {
      // A redirect seen after the refresh began knows better, if its server still exists.
      if (it->second > snapshot->refresh_started_ms && before != SlotMap::kUnassigned &&
          database.servers[before]->listed) {
        continue;
      }
      database.overrides.erase(it);
    }
    if (owner == before) continue;
    changed[slot] = true;
    if (before != SlotMap::kUnassigned) left[before] = true;
    database.slots.set_owner(slot, owner);
  }
  for (std::uint16_t server = 0; server < left.size(); ++server) {
    if (left[server]) context_.tracking->slot_left(database, server);
  }
  database.routes = std::move(snapshot);
  context_.counters->route_version.set(database.routes->version);
  context_.pubsub->slots_changed(database);
  context_.readers->adopt(database, *database.routes, numbers);

  const std::vector<bool> owns = owners_of_slots(database);
  for (const auto& server : database.servers) {
    const std::uint16_t index = server->index;
    const bool owned_slots = index < owned.size() && owned[index];
    if (owned_slots && !owns[index]) context_.tracking->demoted(database, *server);
    for (const auto& link : server->links) {
      if (link->kind != LinkKind::kReader)
        look_after(database, *link, changed, owned_slots, owns[index]);
    }
  }

  std::vector<std::uint16_t> waiting;
  for (auto& [slot, queue] : database.queues) {
    const bool has_owner = database.slots.owner(slot) != SlotMap::kUnassigned;
    const bool may_open = queue.reason == HoldReason::kNoOwner ||
                          queue.reason == HoldReason::kUnknown ||
                          queue.reason == HoldReason::kNoLink ||
                          (queue.reason == HoldReason::kBackoff && changed[slot]);
    if (!has_owner) {
      if (queue.reason == HoldReason::kNone || may_open) queue.reason = HoldReason::kNoOwner;
    } else if (may_open) {
      queue.reason = HoldReason::kFence;
      waiting.push_back(slot);
    }
  }
  for (std::uint32_t i = 0; i < kSlotCount; ++i) {
    const auto slot = static_cast<std::uint16_t>(i);
    if (changed[slot] && !database.queues.contains(slot)) database.slots.clear_slow(slot);
  }
  for (const std::uint16_t slot : waiting) run_queue(database, slot);
}

}  // namespace slotgate
