// The parking half of Redirector: what one client's refused requests on a slot wait for.
#include <algorithm>
#include <array>
#include <iterator>

#include "plane/joiner.h"
#include "plane/links.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/scripts.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// How long a request waits for the control plane to load its script.
constexpr std::uint64_t kScriptWaitMs = 1000;
/// Delays before a request that was told TRYAGAIN is repeated, by the number of times it was.
constexpr std::array<std::uint64_t, 6> kTryAgainMs = {1, 2, 5, 10, 20, 50};

/// True if `next` may follow `sent` before that is answered.
bool go_together(const Parking::Refused& sent, const Parking::Refused& next) noexcept {
  if (next.passed_on || next.how != sent.how) return false;
  return next.how == RepeatHow::kOwner ||
         (next.how == RepeatHow::kAsk && next.ask_server == sent.ask_server);
}

}  // namespace

Parking* Redirector::parking_of(SlotQueue& queue, std::uint32_t client) noexcept {
  for (Parking& parking : queue.parkings) {
    if (parking.client == client) return &parking;
  }
  return nullptr;
}

Parking& Redirector::begin_parking(SlotQueue& queue, std::uint32_t client) {
  Parking& parking = queue.parkings.emplace_back();
  parking.client = client;
  const auto is_its = [&](std::uint32_t index) {
    return context_.requests[index].client == client;
  };
  std::erase_if(queue.redirected, [&](std::uint32_t index) {
    if (!is_its(index)) return false;
    add_refused(parking, {index, RepeatHow::kOwner, SlotMap::kUnassigned, false, queue.refusal});
    return true;
  });
  std::copy_if(queue.arrivals.begin(), queue.arrivals.end(), std::back_inserter(parking.waiting),
               is_its);
  std::erase_if(queue.arrivals, is_its);
  return parking;
}

void Redirector::reschedule_parkings(Database& database, std::uint16_t slot) {
  const auto it = database.queues.find(slot);
  if (it == database.queues.end()) return;
  const SlotQueue& queue = it->second;
  if (queue.retry_at_ms > context_.now_ms) schedule(database, slot, queue.retry_at_ms);
  for (const Parking& parking : queue.parkings) {
    if (parking.retry_at_ms > context_.now_ms) schedule(database, slot, parking.retry_at_ms);
  }
}

void Redirector::pass_on_parked(const Client& client) {
  Database& database = *client.database;
  std::vector<std::uint16_t> slots;
  for (auto& [slot, queue] : database.queues) {
    Parking* parking = parking_of(queue, client.index);
    if (parking == nullptr) continue;
    for (Parking::Refused& refused : parking->refused) {
      refused.passed_on = refused.passed_on || refused.how == RepeatHow::kTryAgain;
    }
    parking->retry_at_ms = 0;
    slots.push_back(slot);
  }
  for (const std::uint16_t slot : slots) run_queue(database, slot);
}

bool Redirector::asked(Link& link, std::uint32_t index, const Refusal& refusal,
                       std::string_view line) {
  const Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t target = find_server(database, link, refusal.endpoint);
  context_.counters->redirects_ask.add();
  context_.readers->slot_is_open(database, request.slot);
  own_frame(link, index);
  if (target == SlotMap::kUnassigned || request.redirects > database.limits().redirects_max) {
    note(PlaneEvent::Kind::kRedirect, database, request.slot, refusal.endpoint, false, link.server);
    park(link, index, RepeatHow::kTryAgain, SlotMap::kUnassigned, line);
    return true;
  }
  park(link, index, RepeatHow::kAsk, target, line);
  return true;
}

void Redirector::park(Link& link, std::uint32_t index, RepeatHow how, std::uint16_t ask_server,
                      std::string_view line) {
  const Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t slot = request.slot;
  SlotQueue& queue = queue_for(database, slot);
  if (queue.probe == index) {
    // The server serves the slot again, only not this request.
    queue.probe = kNoIndex;
    queue.reason = HoldReason::kFence;
  }
  // What is sent elsewhere at once, or waits for a moment, needs no room in the budgets.
  if (how == RepeatHow::kTryAgain && !within_budget(database, slot, index)) {
    context_.counters->held_rejected.add();
    context_.replies->deliver_copy(index, shown_refusal(with_crlf(line), slot));
    run_queue(database, slot);
    return;
  }
  Parking* parking = parking_of(queue, request.client);
  if (parking == nullptr) {
    parking = &begin_parking(queue, request.client);
    parking->fence = fence_behind(link, slot, request.client);
  }
  const std::uint64_t until = how == RepeatHow::kWhenLoaded ? context_.now_ms + kScriptWaitMs : 0;
  add_refused(*parking, {index, how, ask_server, false, with_crlf(line), until});
  if (how == RepeatHow::kTryAgain) {
    const std::size_t step = std::min<std::size_t>(request.redirects - 1U, kTryAgainMs.size() - 1);
    // The first time it may be enough to ask key by key, which needs no delay.
    const Command& command = database.commands->at(request.command);
    const bool at_once = step == 0 && command.split != Split::kNone;
    if (!at_once) {
      parking->retry_at_ms = std::max(parking->retry_at_ms, context_.now_ms + kTryAgainMs[step]);
      schedule(database, slot, parking->retry_at_ms);
    }
  }
  run_queue(database, slot);
}

bool Redirector::script_missing(Link& link, std::uint32_t index, std::string_view line) {
  const Request& request = context_.requests[index];
  if (request.client == kNoIndex) return false;
  const Database& database = database_of(request);
  if (context_.turn_stamp() - request.arrived_ms >= database.limits().hold_timeout_ms) return false;
  Sha1Digest digest;
  const Scripts::Missing missing = context_.scripts->missing(link, index, digest);
  if (missing == Scripts::Missing::kPassOn) return false;
  const bool ask = missing == Scripts::Missing::kAsk;
  if (ask) {
    note(PlaneEvent::Kind::kScriptMissing, database, request.slot,
         link.server->entry.node_id + " " + hex_text(digest), true, link.server);
  }
  own_frame(link, index);
  park(link, index, ask ? RepeatHow::kWhenLoaded : RepeatHow::kOwner, link.server->index, line);
  return true;
}

void Redirector::script_checked(Database& database, const Server& server, const Sha1Digest& digest,
                                bool loaded) {
  if (loaded) context_.scripts->loaded(server, digest);
  std::vector<std::uint16_t> slots;
  for (auto& [slot, queue] : database.queues) {
    for (Parking& parking : queue.parkings) {
      for (Parking::Refused& refused : parking.refused) {
        const Request& request = context_.requests[refused.request];
        if (refused.how != RepeatHow::kWhenLoaded || refused.ask_server != server.index) continue;
        Sha1Digest wanted;
        if (request.client != kNoIndex &&
            !(Scripts::digest_in({request.owned.get(), request.length}, wanted) &&
              wanted == digest)) {
          continue;
        }
        if (loaded) refused.how = RepeatHow::kOwner;
        refused.until_ms = 0;
        parking.retry_at_ms = 0;
        slots.push_back(slot);
      }
    }
  }
  for (const std::uint16_t slot : slots) run_queue(database, slot);
}

bool Redirector::waits_for_script(Database& database, std::uint16_t slot, Parking& parking,
                                  const Parking::Refused& refused) {
  if (refused.how != RepeatHow::kWhenLoaded || refused.until_ms <= context_.now_ms) return false;
  parking.retry_at_ms = refused.until_ms;
  schedule(database, slot, refused.until_ms);
  return true;
}

void Redirector::add_refused(Parking& parking, Parking::Refused refused) {
  charge(database_of(context_.requests[refused.request]), refused.request, RequestState::kParked);
  // What is refused again is older than what waits for its turn.
  const std::uint32_t arrival = context_.requests[refused.request].arrival;
  const auto younger =
      std::find_if(parking.refused.begin(), parking.refused.end(), [&](const auto& other) {
        return is_younger(context_.requests[other.request].arrival, arrival);
      });
  parking.refused.insert(younger, std::move(refused));
}

Link* Redirector::send_asking(Database& database, std::uint32_t index, std::uint16_t server) {
  Request& request = context_.requests[index];
  Client& client = context_.clients[request.client];
  Link* link = context_.links->link_for(client, *database.servers[server]);
  if (link == nullptr) return nullptr;
  context_.tracking->sent_late(client, index);
  request.flags |= kReqAsking | kReqWatchOrder;
  const auto frame = std::move(request.owned);
  context_.scripts->prepare_again(*link, index, {frame.get(), request.length});
  context_.links->send_internal(*link, "*1\r\n$6\r\nASKING\r\n");
  context_.links->send(*link, index, {frame.get(), request.length});
  return link;
}

Link* Redirector::repeat(Database& database, const Parking::Refused& refused) {
  const std::uint32_t index = refused.request;
  if (refused.how == RepeatHow::kAsk) return send_asking(database, index, refused.ask_server);
  Request& request = context_.requests[index];
  Client& client = context_.clients[request.client];
  const std::uint16_t owner = database.slots.owner(request.slot);
  if (owner == SlotMap::kUnassigned) return nullptr;
  Link* link = context_.links->link_for(client, *database.servers[owner]);
  if (link == nullptr) return nullptr;
  request.flags |= kReqWatchOrder;
  const bool key_by_key =
      refused.how == RepeatHow::kTryAgain && context_.joiner->split_per_key(index);
  return key_by_key || resend(database, index) ? link : nullptr;
}

void Redirector::advance_parking(Database& database, std::uint16_t slot, std::uint32_t client) {
  const auto it = database.queues.find(slot);
  Parking* parking = it == database.queues.end() ? nullptr : parking_of(it->second, client);
  while (parking != nullptr && !parking->refused.empty()) {
    const Parking::Refused next = parking->refused.front();
    const bool gone = context_.requests[next.request].client == kNoIndex;
    const bool must_wait = it->second.reason != HoldReason::kNone && next.how != RepeatHow::kAsk;
    const bool pass_on = next.passed_on || next.how == RepeatHow::kWhenLoaded;
    if (!gone && !next.passed_on && waits_for_script(database, slot, *parking, next)) return;
    if (!gone && !pass_on && must_wait) return;  // run again when the slot opens
    parking->refused.pop_front();
    if (!gone) discharge(next.request);
    if (gone) {
      context_.replies->discard(next.request);
    } else if (pass_on) {
      if (next.passed_on) context_.counters->refusal_passed_for_order.add();
      context_.replies->deliver_copy(next.request, shown_refusal(next.refusal, slot));
    } else {
      // Splitting may park parts of it at once: they take the place that it has now.
      const std::uint32_t arrival = context_.requests[next.request].arrival;
      Link* link = repeat(database, next);
      parking = parking_of(it->second, client);
      bool divided = false;
      while (parking != nullptr && !parking->waiting.empty() &&
             context_.requests[parking->waiting.back()].arrival == arrival) {
        const std::uint32_t part = parking->waiting.back();
        parking->waiting.pop_back();
        charge(database, part, RequestState::kParked);
        parking->refused.push_front(
            {part, RepeatHow::kOwner, SlotMap::kUnassigned, false, next.refusal});
        divided = true;
      }
      if (divided) continue;
      if (link == nullptr) {
        charge(database, next.request, RequestState::kParked);
        parking->refused.push_front(next);
        parking->retry_at_ms = context_.now_ms + kLinkRetryMs;
        schedule(database, slot, parking->retry_at_ms);
        return;
      }
      parking->fence = {link, link->next_sequence()};
      parking->retry_at_ms = 0;
      link->fenced = true;
      if (parking->refused.empty() || !go_together(next, parking->refused.front())) return;
    }
  }
  if (parking != nullptr) end_parking(database, it->second, client);
}

void Redirector::end_parking(Database& database, SlotQueue& queue, std::uint32_t client) {
  Parking* parking = parking_of(queue, client);
  const std::deque<std::uint32_t> waiting = std::move(parking->waiting);
  std::erase_if(queue.parkings, [&](const Parking& other) { return other.client == client; });
  bool sending = queue.reason == HoldReason::kNone;
  for (const std::uint32_t index : waiting) {
    if (context_.requests[index].client == kNoIndex) {
      context_.replies->discard(index);
      continue;
    }
    sending = sending && resend(database, index);
    if (!sending) queue.arrivals.push_back(index);
  }
  if (!sending && queue.reason == HoldReason::kNone) await_owner(database, queue);
}

}  // namespace slotgate
