#include "plane/readers.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/reply_substance.h"
#include "plane/clients.h"
#include "plane/joiner.h"
#include "plane/links.h"
#include "plane/redirector.h"
#include "plane/refusal.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/slow_requests.h"

namespace slotgate {

namespace {

/// How long a slot is read from its primary after a redirect that says it is open.
constexpr std::uint64_t kOpenMs = 10000;
/// … and after another refusal; so long a replica that cannot serve at all is left alone.
constexpr std::uint64_t kRefusedMs = 1000;
/// A replica that owes answers for so long is sent no more reads.
constexpr std::uint64_t kSlowMs = 100;
/// How long a client that mixes reads and writes of the same slots is served by primaries.
constexpr std::uint64_t kMixesMs = 1000;

/// How a client likes a server, so that each keeps to its replica when others come and go.
std::uint32_t liking(const Client& client, const Server& server) noexcept {
  std::uint32_t mixed = (client.home_slot + 1U) * 0x9e3779b1U ^ (server.index + 1U) * 0x85ebca6bU;
  mixed = (mixed ^ mixed >> 15U) * 0xc2b2ae35U;
  return mixed ^ mixed >> 13U;
}

std::size_t words_in(Bytes frame) noexcept {
  std::size_t words = 0;
  const std::string_view text = frame.text();
  std::from_chars(text.data() + 1, text.data() + text.size(), words);
  return words;
}

std::string_view line_of(std::string_view reply) noexcept {
  return reply.starts_with('-') || reply.starts_with('!') ? reply : std::string_view{};
}

}  // namespace

void Readers::adopt(Database& database, const RouteSnapshot& snapshot,
                    const std::vector<std::uint16_t>& numbers) {
  std::vector<bool> before;
  for (const auto& server : database.servers) {
    before.push_back(server->reads);
    server->reads = false;
  }
  database.reader_sets.clear();
  for (const std::vector<std::uint16_t>& set : snapshot.reader_sets) {
    std::vector<Server*>& servers = database.reader_sets.emplace_back();
    for (const std::uint16_t number : set) {
      Server& server = *database.servers[numbers[number]];
      // It is said to be well (again): what went wrong before does not count.
      if (!before[server.index]) server.reader_retry_at_ms = server.reader_backoff_ms = 0;
      server.reads = true;
      servers.push_back(&server);
    }
  }
  const bool is_on = (database.attention & kAttentionReaders) != 0;
  if (!database.reader_sets.empty() && !is_on) switch_on(database);
}

void Readers::switch_on(Database& database) {
  database.attention |= kAttentionReaders;
  const std::uint32_t kept_ms = database.settings->read_your_writes_ms;
  context_.client_io->for_each([&](Client& client) {
    if (client.database != &database) return;
    // Neither what is on its way was remembered, nor what it has written so far.
    if (client.tail != kNoIndex)
      memory_of(client).writes.add(kEverySlot, context_.requests[client.tail].arrival);
    if (kept_ms > 0) memory_of(client).primary_until_ms = context_.now_ms + kept_ms;
  });
}

void Readers::switch_off(Database& database) {
  database.attention = static_cast<std::uint8_t>(database.attention & ~kAttentionReaders);
  database.not_at_replicas.clear();
  context_.client_io->for_each([&](Client& client) {
    if (client.database == &database) client.reads.reset();
  });
}

ReadMemory& Readers::memory_of(Client& client) {
  if (!client.reads) client.reads = std::make_unique<ReadMemory>();
  return *client.reads;
}

void Readers::slot_is_open(Database& database, std::uint16_t slot) {
  if ((database.attention & kAttentionReaders) == 0) return;
  const auto [entry, is_news] = database.not_at_replicas.try_emplace(slot);
  entry->second = context_.now_ms + kOpenMs;
  if (!is_news) return;
  PlaneEvent event;
  event.kind = PlaneEvent::Kind::kSlotOpen;
  event.database = database.id;
  event.slot = slot;
  context_.up.events.push_back(std::move(event));
}

bool Readers::may_read(Client& client) const {
  if (client.reads && context_.now_ms < client.reads->primary_until_ms) return false;
  const ClientSession* const session = client.session.get();
  return session == nullptr || !(session->bound || session->watching || session->transaction);
}

bool Readers::is_usable(const Link& link) const {
  const bool owes_long = !link.in_flight.empty() && context_.now_ms - link.owed_since_ms >= kSlowMs;
  return !owes_long &&
         link.stream.unanswered() <= link.database->limits().link_unanswered_bytes_max / 2;
}

Link* Readers::link_for(Client& client, std::uint16_t slot) {
  Database& database = *client.database;
  const auto& slots = database.routes->slot_to_readers;
  if (slots.empty() || slots[slot] >= database.reader_sets.size() || !may_read(client))
    return nullptr;
  if (const auto it = database.not_at_replicas.find(slot);
      it != database.not_at_replicas.end() && context_.now_ms < it->second) {
    return nullptr;
  }
  // A redirect knows of an owner that the sets do not.
  if (!database.overrides.empty() && database.overrides.contains(slot)) return nullptr;
  const std::uint64_t keep_ms = database.settings->read_your_writes_ms;
  if (client.reads && client.reads->writes.has(slot_bit(slot), context_.now_ms, keep_ms))
    return nullptr;
  const std::vector<Server*>& set = database.reader_sets[slots[slot]];
  std::uint64_t below = UINT64_MAX;
  for (std::size_t tried = 0; tried < set.size(); ++tried) {
    Server* best = nullptr;
    std::uint64_t most = 0;
    for (Server* const server : set) {
      // The index makes equals differ.
      const std::uint64_t likes =
          std::uint64_t{liking(client, *server)} << 16U | (server->index + 1U);
      if (likes < below && likes > most) {
        most = likes;
        best = server;
      }
    }
    below = most;
    if (best == nullptr || best->index == database.slots.owner(slot)) return nullptr;
    if (context_.now_ms < best->no_reads_until_ms) continue;
    Link* const link = link_to(client, *best);
    if (link != nullptr && is_usable(*link)) return link;
  }
  return nullptr;
}

Link* Readers::link_to(const Client& client, Server& replica) {
  const auto in = [&](Lane lane) {
    return context_.links->reader_link(*client.database, replica, client.user, client.protocol,
                                       lane);
  };
  // Reads may overtake each other: nobody has to wait until a lane has a link.
  Link* const apart = client.lane == Lane::kLarge ? in(Lane::kLarge) : nullptr;
  return apart != nullptr ? apart : in(Lane::kUsual);
}

bool Readers::links_for(Client& client, const Command& command, const SplitPlan& plan,
                        std::vector<Link*>& links) {
  links.clear();
  if ((client.database->attention & kAttentionReaders) == 0 ||
      (command.flags & kFlagAtReplica) == 0) {
    return false;
  }
  for (const SplitPart& part : plan.parts) {
    links.push_back(link_for(client, part.slot));
    if (links.back() == nullptr) return false;
  }
  return true;
}

void Readers::note_read(Client& client, std::uint16_t slot, std::uint32_t arrival) {
  memory_of(client).at_replicas.add(slot_bit(slot), arrival);
  owed_ = true;
  context_.counters->reads_at_replicas.add();
}

void Readers::note_started(Client& client, const Command& command) {
  if (client.tail == kNoIndex || command.route == RouteBy::kPubSub) return;
  const Request& request = context_.requests[client.tail];
  if ((request.flags & kReqReadonly) != 0) return;
  std::uint64_t slots = 0;
  switch (request.state) {
    case RequestState::kInFlight:
    case RequestState::kHeld:
    case RequestState::kParked:
    case RequestState::kTakenBack:
      slots = (request.flags & kReqKeyless) != 0 ? kEverySlot : slot_bit(request.slot);
      break;
    case RequestState::kJoining:
      for (const std::uint32_t part : context_.joins[request.join].parts) {
        if (part != kNoIndex) slots |= slot_bit(context_.requests[part].slot);
      }
      break;
    case RequestState::kControl:
      if ((command.flags & kFlagMayReplicate) != 0) slots = kEverySlot;
      break;
    case RequestState::kSubscribing:
    case RequestState::kDone:
    case RequestState::kFree:
      break;
  }
  if (slots != 0) memory_of(client).writes.add(slots, request.arrival);
}

void Readers::note_streamed(Client& client, const Request& request) {
  if ((request.flags & kReqReadonly) == 0)
    memory_of(client).writes.add(slot_bit(request.slot), request.arrival);
}

bool Readers::is_unanswered(const Request& request, std::uint16_t slot, bool any) const {
  if ((request.flags & kReqReadonly) == 0 || request.state == RequestState::kDone) return false;
  if (any) return true;
  if (request.state != RequestState::kJoining) return request.slot == slot;
  const std::vector<std::uint32_t>& parts = context_.joins[request.join].parts;
  return std::any_of(parts.begin(), parts.end(), [&](std::uint32_t part) {
    return part != kNoIndex && is_unanswered(context_.requests[part], slot, false);
  });
}

bool Readers::must_wait(Client& client, std::uint16_t slot, std::uint16_t flags) {
  if (!client.reads || (flags & kReqReadonly) != 0) return false;
  const bool any = (flags & kReqKeyless) != 0;
  const std::uint64_t slots = any ? kEverySlot : slot_bit(slot);
  if (!client.reads->at_replicas.has(slots, context_.now_ms, 0)) return false;
  std::uint32_t index = client.head;
  while (index != kNoIndex && !is_unanswered(context_.requests[index], slot, any))
    index = context_.requests[index].next;
  if (index == kNoIndex) return false;
  std::uint64_t& until_ms = client.reads->primary_until_ms;
  until_ms = std::max(until_ms, context_.now_ms + kMixesMs);
  client.special |= kSpecialDraining;
  return true;
}

bool Readers::is_good(const Link& link, const Request& request, std::string_view reply) const {
  if (const std::string_view line = line_of(reply); !line.empty()) {
    const std::string_view word = error_word(line);
    return word == "NOPERM" || word == "NOAUTH";
  }
  const Command& command = link.database->commands->at(request.command);
  if (command.split == Split::kNone) return has_substance(reply);
  const std::size_t words = words_in({link.stream.at(request.offset), request.length});
  return has_all_keys(command.split, (words - command.first_key) / command.split_step, reply);
}

bool Readers::is_settled(const Link& link, std::uint32_t index, std::string_view beginning) const {
  const Request& request = context_.requests[index];
  return (request.flags & (kReqInternal | kReqFragment)) == 0 &&
         link.database->commands->at(request.command).split == Split::kNone &&
         line_of(beginning).empty() && has_substance(beginning);
}

bool Readers::answered(Link& link, std::uint32_t index, std::string_view reply, bool forwarded) {
  Request& request = context_.requests[index];
  const std::uint32_t end = request.offset + request.length;
  if (!link.stream.sent_up_to(end)) {
    lost(link, index);
    context_.links->lose(link, "the server answered before it had the whole request");
    return false;
  }
  if ((request.flags & kReqInternal) != 0) {
    context_.release(index);
  } else if (request.client == kNoIndex) {
    context_.replies->discard(index);
  } else if (forwarded || is_good(link, request, reply)) {
    if (!line_of(reply).empty()) context_.counters->error_replies.add();
    context_.slow->answered(link, request);
    const Bytes bytes = bytes_of(reply);
    if ((request.flags & kReqFragment) != 0) {
      context_.joiner->part_answered(index, bytes.data, bytes.size);
    } else {
      context_.replies->deliver(index, bytes.data, bytes.size);
    }
  } else {
    const std::string_view line = line_of(reply);
    (line.empty() ? context_.counters->replica_reads_missing
                  : context_.counters->replica_reads_refused)
        .add();
    if (!line.empty()) learn(link, request, line);
    repeat(link, index);
  }
  link.stream.answered_up_to(end);
  return link.state != LinkState::kClosed;
}

void Readers::learn(const Link& link, const Request& request, std::string_view line) {
  Database& database = *link.database;
  switch (parse_refusal(line).kind) {
    case RefusalKind::kMoved:
      database.not_at_replicas[request.slot] = context_.now_ms + kRefusedMs;
      break;
    case RefusalKind::kAsk:
    case RefusalKind::kTryAgain:
      database.not_at_replicas[request.slot] = context_.now_ms + kOpenMs;
      break;
    case RefusalKind::kDown:
    case RefusalKind::kReadonly:
      link.server->no_reads_until_ms = context_.now_ms + kRefusedMs;
      break;
    case RefusalKind::kNoScript:
    case RefusalKind::kNone:
      return;
  }
  tell(link, request.slot, line);
}

void Readers::tell(const Link& link, std::uint16_t slot, std::string_view line) {
  PlaneEvent event;
  event.kind = PlaneEvent::Kind::kReplicaRefused;
  event.database = link.database->id;
  event.slot = slot;
  event.server = link.server->index;
  event.label = link.server->entry.label;
  event.text = without_crlf(line);
  context_.up.events.push_back(std::move(event));
}

void Readers::lost(const Link& link, std::uint32_t index) {
  if (context_.requests[index].client == kNoIndex) {
    context_.replies->discard(index);
    return;
  }
  context_.counters->replica_reads_lost.add();
  repeat(link, index);
}

void Readers::repeat(const Link& link, std::uint32_t index) {
  Request& request = context_.requests[index];
  request.owned = request_bytes(request.length);
  std::memcpy(request.owned.get(), link.stream.at(request.offset), request.length);
  request.state = RequestState::kTakenBack;
  context_.redirector->read_from_owner(index);
}

void Readers::tick() {
  owed_ = false;
  for (const auto& database : context_.databases) {
    if ((database->attention & kAttentionReaders) == 0) continue;
    std::erase_if(database->not_at_replicas,
                  [&](const auto& entry) { return entry.second <= context_.now_ms; });
    bool owed = false;
    for (const auto& server : database->servers) {
      for (const auto& link : server->links)
        owed = owed || (link->kind == LinkKind::kReader && !link->in_flight.empty());
    }
    owed_ = owed_ || owed;
    // Until then, writes have to be held back behind reads that are on their way.
    if (!owed && database->reader_sets.empty()) switch_off(*database);
  }
}

}  // namespace slotgate
