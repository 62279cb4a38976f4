// The life of links: opening, loss, upkeep.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "plane/clients.h"
#include "plane/errands.h"
#include "plane/leases.h"
#include "plane/links.h"
#include "plane/memory_guard.h"
#include "plane/pubsub_hub.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/request_streams.h"
#include "plane/scripts.h"
#include "plane/socket.h"
#include "plane/tracking.h"
#include "plane/transactions.h"
#include "plane/write_retries.h"

namespace slotgate {

namespace {

/// An idle link is pinged, so that one that died silently is found before a request meets it.
constexpr std::uint64_t kPingIdleMs = 15000;
/// A server that owes answers for this long is reported.
constexpr std::uint64_t kSilentMs = 1000;
/// As kBackoffMostMs, for replicas: their primary serves what they do not.
constexpr std::uint32_t kReaderBackoffMostMs = 10000;
/// How long a client that does not read may keep a link from being read.
constexpr std::uint64_t kPausedMostMs = 10000;
/// A link that nobody needs is closed when it has rested this long.
constexpr std::uint64_t kNeedlessMs = 10000;
/// Memory beyond kKeptStreamBytes goes back when a link has not needed it for so long.
constexpr std::uint64_t kRoomyMs = 3000;
constexpr std::size_t kKeptStreamBytes = 64 * 1024;
/// Connections given up since the last handshake that are remembered to be killed.
constexpr std::size_t kAbandonedMost = 16;

}  // namespace

Link::Link() = default;
Link::~Link() = default;

Link* Links::find_or_open(Database& database, Server& server, std::uint16_t user,
                          std::uint8_t protocol) {
  if (Link* const link = find(server, LinkKind::kShared, Lane::kUsual, user, protocol)) return link;
  return may_open(database, server, LinkKind::kShared)
             ? open(database, server, LinkKind::kShared, user, protocol)
             : nullptr;
}

bool Links::may_open(Database& database, Server& server, LinkKind kind) {
  const std::uint64_t retry_at_ms =
      kind == LinkKind::kReader ? server.reader_retry_at_ms : server.retry_at_ms;
  if (stopping_ || !server.listed || retry_at_ms > context_.now_ms) return false;
  // Where the last attempt failed, the next one speaks for all.
  if (kind != LinkKind::kReader && server.backoff_ms != 0 && is_tried(server)) return false;
  const auto usable = static_cast<std::size_t>(std::count_if(
      server.links.begin(), server.links.end(), [](const auto& link) { return link->usable(); }));
  if (usable < database.limits().links_per_server_max || close_resting(server)) return true;
  server.last_failure = "maxLinksPerServer is reached";
  return false;
}

bool Links::close_resting(Server& server) {
  for (const auto& link : server.links) {
    if (link->usable() && rests(*link) && link->in_flight.empty()) {
      abandon(*link, kNoIndex);
      return true;
    }
  }
  return false;
}

Link* Links::borrow(Database& database, Server& server, std::uint16_t user, std::uint8_t protocol) {
  for (const auto& link : server.links) {
    if (link->kind == LinkKind::kPrivate && link->borrower == kNoIndex &&
        link->state == LinkState::kReady && link->user == user && link->protocol == protocol &&
        link->in_flight.empty()) {
      return link.get();
    }
  }
  // Those that rest are another user's, or of another protocol.
  const bool room = private_links(server) < database.limits().private_links_per_server_max ||
                    close_resting(server);
  return room && may_open(database, server, LinkKind::kPrivate)
             ? open(database, server, LinkKind::kPrivate, user, protocol)
             : nullptr;
}

Link* Links::open_subscription(Database& database, Server& server, std::uint16_t user) {
  if (!may_open(database, server, LinkKind::kSubscription)) return nullptr;
  Link* const link = open(database, server, LinkKind::kSubscription, user, 3);
  if (link != nullptr) link->streaming = true;
  return link;
}

std::size_t Links::private_links(const Server& server) {
  return static_cast<std::size_t>(std::count_if(
      server.links.begin(), server.links.end(),
      [](const auto& link) { return link->usable() && link->kind == LinkKind::kPrivate; }));
}

void Links::give_back(Link& link) {
  if (!link.leased) link.borrower = kNoIndex;
  link.streaming = false;
  link.stream.forget_sent();
}

void Links::begin_stream(Link& link, std::uint32_t index) {
  Request& request = context_.requests[index];
  request.offset = link.stream.end();
  request.length = 0;
  request.state = RequestState::kInFlight;
  link.in_flight.push_back(index);
  link.streaming = true;
}

void Links::abandon(Link& link, std::uint32_t index) {
  link.borrower = kNoIndex;
  while (!link.in_flight.empty()) {
    const std::uint32_t other = link.in_flight.pop_front();
    if (other == index) continue;
    if ((context_.requests[other].flags & kReqFragment) != 0) {
      context_.replies->discard(other);
    } else {
      context_.release(other);
    }
  }
  if (link.state == LinkState::kConnecting || link.state == LinkState::kHandshaking) --connecting_;
  link.state = LinkState::kClosed;
  hide(link);
  tell_circuit(*link.database, *link.server);
  context_.counters->links.subtract();
  context_.redirector->link_gone(link);
  detach(link);
}

void Links::detach(Link& link) {
  std::erase(dirty_, &link);
  if (link.paused_for != kNoIndex) context_.clients[link.paused_for].paused = nullptr;
  link.paused_for = kNoIndex;
  link.watcher.close(on_closed);
  ::close(link.fd);
  link.fd = -1;
}

Link* Links::open(Database& database, Server& server, LinkKind kind, std::uint16_t user,
                  std::uint8_t protocol, Lane lane) {
  std::string error;
  const int fd = connect_to(server.entry, database.limits().keepalive_seconds, error);
  if (fd < 0) {
    note_failure(server, kind, error);
    tell_circuit(database, server);
    return nullptr;
  }
  Link& link = *server.links.emplace_back(std::make_unique<Link>());
  link.fd = fd;
  link.kind = kind;
  link.lane = lane;
  link.number = ++opened_;
  link.protocol = protocol;
  link.user = user;
  link.server = &server;
  link.database = &database;
  link.links = this;
  link.deadline_ms = context_.now_ms + database.limits().connect_timeout_ms;
  link.last_used_ms = context_.now_ms;
  if (link.watcher.open(&context_.loop, fd, &link, on_ready) != 0) {
    ::close(fd);
    server.links.pop_back();
    note_failure(server, kind, "the event loop refused the socket");
    return nullptr;
  }
  link.watcher.watch(false, true);
  if (kind == LinkKind::kShared && lane == Lane::kUsual && user == database.settings->client_user)
    server.shared[protocol] = &link;
  tell_circuit(database, server);
  ++open_;
  ++connecting_;
  context_.counters->links.add();
  return &link;
}

void Links::note_failure(Server& server, LinkKind kind, const std::string& reason) {
  // A replica that cannot be read from may be the next primary: what goes there must not wait.
  const bool reads = kind == LinkKind::kReader;
  if (!reads) server.last_failure = reason;
  std::uint32_t& backoff_ms = reads ? server.reader_backoff_ms : server.backoff_ms;
  backoff_ms =
      std::clamp(backoff_ms * 2, kBackoffFirstMs, reads ? kReaderBackoffMostMs : kBackoffMostMs);
  // Up to a quarter earlier, so that many proxies do not come back in step.
  const std::uint64_t jitter = uv_hrtime() / 1000 % (backoff_ms / 4 + 1);
  (reads ? server.reader_retry_at_ms : server.retry_at_ms) = context_.now_ms + backoff_ms - jitter;
}

void Links::hide(Link& link) {
  Server& server = *link.server;
  if (server.shared[link.protocol] == &link) server.shared[link.protocol] = nullptr;
  if (server.readers[link.protocol] == &link) server.readers[link.protocol] = nullptr;
}

void Links::report(const Link& link, PlaneEvent::Kind kind, std::string_view text) {
  PlaneEvent event;
  event.kind = kind;
  event.database = link.database->id;
  event.server = link.server->index;
  event.user = link.user;
  event.label = link.server->entry.label;
  event.text = text;
  context_.up.events.push_back(std::move(event));
}

void Links::lose(Link& link, std::string reason, LinkEnd end) {
  if (link.state == LinkState::kClosed) return;
  Server& server = *link.server;
  const bool was_ready = link.state == LinkState::kReady;
  if (!was_ready) --connecting_;
  link.state = LinkState::kClosed;
  hide(link);
  if (!link.denied) note_failure(server, link.kind, reason);
  tell_circuit(*link.database, server);
  if (end != LinkEnd::kServerEnded && was_ready && link.server_client_id != 0 &&
      server.abandoned_clients.size() < kAbandonedMost) {
    server.abandoned_clients.push_back(link.server_client_id);
  }
  context_.counters->links_lost.add();
  context_.counters->links.subtract();
  if (!stopping_) report(link, PlaneEvent::Kind::kLinkDown, reason);

  if (link.leased) context_.leases->link_gone(link);
  if (link.kind == LinkKind::kShared && link.protocol == 3) context_.tracking->sink_lost(link);
  if (link.kind == LinkKind::kSubscription) link.subscription->hub->link_lost(*link.subscription);
  requeue_or_fail(link, end);
  context_.redirector->link_gone(link);
  std::vector<std::uint32_t> stalled;
  stalled.swap(link.stalled);
  for (const std::uint32_t index : stalled) context_.client_io->resume_stalled(index);
  detach(link);
}

void Links::requeue_or_fail(Link& link, LinkEnd end) {
  const std::vector<bool> retried = context_.retries->choose(link);
  for (std::size_t place = 0; !link.in_flight.empty(); ++place) {
    const std::uint32_t index = link.in_flight.pop_front();
    Request& request = context_.requests[index];
    const bool head_forwarded = link.head_forwarded;
    link.head_forwarded = false;
    if ((request.flags & kReqInternal) != 0) {
      context_.release(index);
      continue;
    }
    if (link.denied) {
      deny(link, index);
      continue;
    }
    if ((request.flags & kReqErrand) != 0) {
      const bool all_sent = link.stream.sent_up_to(request.offset + request.length);
      context_.errands->link_lost(link, index, all_sent);
      continue;
    }
    if ((request.flags & kReqStreamed) != 0) {
      link.borrower = kNoIndex;
      context_.streams->link_lost(link, index);
      continue;
    }
    if ((request.flags & kReqWatchOrder) != 0) context_.redirector->probe_lost(link, index);
    if (request.client == kNoIndex) {
      context_.replies->discard(index);
      continue;
    }
    if (head_forwarded && (request.flags & kReqSilent) == 0) {
      context_.client_io->close(context_.clients[request.client]);
      context_.replies->discard(index);
      continue;
    }
    if (link.kind == LinkKind::kReader) {
      context_.readers->lost(link, index);
      continue;
    }
    // Half written is not executed: what is sent again can only be executed once.
    const bool written = link.stream.sent_up_to(request.offset + request.length);
    if (context_.transactions->exec_lost(index, written)) continue;
    const bool retry = place < retried.size() && retried[place];
    // What a server was lost with is not sent on and on, lest it is what ends them. One that we
    // gave up has not ended; but it may hang, so in the time that the request may be held.
    const bool in_time =
        context_.turn_stamp() - request.arrived_ms < link.database->limits().hold_timeout_ms;
    const bool repeatable =
        (request.flags & kReqReadonly) != 0 &&
        ((request.flags & kReqRepeated) == 0 || (end == LinkEnd::kSilent && in_time));
    if (!written || repeatable || retry) {
      if (retry) {
        context_.retries->begin(link, index);
      } else if (written) {
        request.flags |= kReqRepeated;
        context_.counters->reads_repeated.add();
      }
      auto frame = request_bytes(request.length);
      std::memcpy(frame.get(), link.stream.at(request.offset), request.length);
      request.owned = std::move(frame);
      context_.redirector->hold_again(index);
      continue;
    }
    context_.counters->unknown_outcomes.add();
    // It may have been: what was refused before it must not come after it.
    if ((request.flags & kReqWatchOrder) != 0) context_.redirector->executed(link, index);
    const bool keyless = (request.flags & kReqKeyless) != 0;
    context_.replies->deliver_copy(
        index, "-OUTCOMEUNKNOWN outcome unknown: connection to " + link.server->entry.label +
                   (keyless ? "" : " (slot " + std::to_string(request.slot) + ")") +
                   " was lost after the command was sent\r\n");
  }
}

void Links::deny(Link& link, std::uint32_t index) {
  const Request& request = context_.requests[index];
  const std::string reply = link.refusal + "\r\n";
  if ((request.flags & kReqErrand) != 0) {
    context_.errands->reply(index, reinterpret_cast<const std::uint8_t*>(reply.data()),
                            reply.size());
    return;
  }
  if ((request.flags & kReqStreamed) != 0) {
    link.borrower = kNoIndex;
    context_.streams->link_lost(link, index);
    return;
  }
  if ((request.flags & kReqWatchOrder) != 0) context_.redirector->probe_lost(link, index);
  if (request.client == kNoIndex) {
    context_.replies->discard(index);
    return;
  }
  context_.replies->deliver_copy(index, reply);
}

void Links::on_closed(void* owner) {
  Link& link = *static_cast<Link*>(owner);
  Links& self = *link.links;
  --self.open_;
  auto& links = link.server->links;
  links.erase(std::find_if(links.begin(), links.end(), [&](const std::unique_ptr<Link>& other) {
    return other.get() == &link;
  }));
}

void Links::shrink(Link& link) {
  const bool roomy =
      link.stream.capacity() > kKeptStreamBytes && link.stream.unanswered() <= kKeptStreamBytes;
  if (!roomy) {
    link.roomy_since_ms = 0;
  } else if (link.roomy_since_ms == 0) {
    link.roomy_since_ms = context_.now_ms;
  } else if (context_.now_ms - link.roomy_since_ms >= kRoomyMs) {
    link.stream.shrink(kKeptStreamBytes);
    link.in_flight.shrink();
    link.roomy_since_ms = 0;
  }
}

void Links::tick_paused(Link& link, Client& client) {
  // Servers do not wait for ever for a client that takes nothing.
  if (context_.now_ms - link.paused_at_ms >= kPausedMostMs) {
    context_.client_io->close(client);
    return;
  }
  if (!others_wait(link, client)) return;
  if (client.stopped_at_ms == 0) {
    read_on(link);
  } else if (context_.now_ms - link.retired_at_ms >= kOthersWaitMs) {
    context_.memory->close(client);
  }
}

void Links::tick_link(Link& link) {
  shrink(link);
  const std::uint64_t idle = context_.now_ms - link.last_used_ms;
  if (link.state == LinkState::kConnecting || link.state == LinkState::kHandshaking) {
    if (link.greet_at_ms != 0 && context_.now_ms >= link.greet_at_ms) greet(link);
    if (context_.now_ms < link.deadline_ms) return;
    link.denied = !link.refusal.empty();
    if (link.denied) {
      lose(link, "the server refused the handshake: " + link.refusal.substr(1));
      return;
    }
    lose(link,
         link.state == LinkState::kConnecting ? "connecting timed out" : "the handshake timed out");
    return;
  }
  if (link.doomed_at_ms != 0 && context_.now_ms >= link.doomed_at_ms) {
    link.doomed_at_ms = 0;
    if (link.answered < link.doomed_sequence) {
      lose(link, "the cluster gave all slots in flight to other servers", LinkEnd::kSilent);
      return;
    }
  }
  if (link.paused_for != kNoIndex) {
    tick_paused(link, context_.clients[link.paused_for]);
    return;
  }
  if (!link.in_flight.empty()) {
    // Silence closes nothing: the server may run a slow script. But it may also be gone, and the
    // cluster know it. Where a client waits for an element it is no sign of anything.
    const bool waits = (context_.requests[link.in_flight.front()].flags & kReqWaits) != 0;
    if (!waits && context_.now_ms - link.owed_since_ms >= kSilentMs) {
      if (link.kind == LinkKind::kReader) {
        lose(link, "the replica is silent");
        return;
      }
      report(link, PlaneEvent::Kind::kLinkSilent, {});
    }
    return;
  }
  if (!link.server->listed) {
    lose(link, "the server left the cluster");
    return;
  }
  const bool is_needless = rests(link) || link.lane == Lane::kLarge ||
                           (link.kind == LinkKind::kReader && !link.server->reads);
  if (is_needless && idle >= kNeedlessMs) {
    abandon(link, kNoIndex);
    return;
  }
  if (idle < kPingIdleMs) return;
  if (link.kind == LinkKind::kSubscription) {
    link.subscription->hub->ping(*link.subscription);
  } else {
    send_internal(link, "*1\r\n$4\r\nPING\r\n");
  }
}

void Links::tick() {
  std::vector<Link*> links;
  for (const auto& database : context_.databases) {
    for (const auto& server : database->servers) {
      for (const auto& link : server->links) {
        if (link->usable()) links.push_back(link.get());
      }
    }
  }
  for (Link* link : links) tick_link(*link);
  flush();
}

void Links::close_all() {
  stopping_ = true;
  for (const auto& database : context_.databases) {
    for (const auto& server : database->servers) {
      for (const auto& link : server->links) {
        if (link->usable()) lose(*link, "the proxy stops");
      }
    }
  }
}

}  // namespace slotgate
