#include "plane/introductions.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "plane/socket.h"

namespace slotgate {

namespace {

/// Most headers have less than this; the rest of a longer one is read in the next turn.
constexpr std::size_t kPeekBytes = 512;
/// Between two events of one worker: a sender that is set up wrongly is so for each connection.
constexpr std::uint64_t kTellAgainMs = 1000;

}  // namespace

void Introductions::begin(int fd, Database& database, std::shared_ptr<const ListenerRules> rules) {
  Pending& pending = *pending_.emplace_back(std::make_unique<Pending>());
  if (pending.watcher.open(&context_.loop, fd, &pending, on_ready) != 0) {
    pending_.pop_back();
    ::close(fd);
    context_.counters->rejected.add();
    return;
  }
  pending.owner = this;
  pending.database = &database;
  pending.rules = std::move(rules);
  pending.fd = fd;
  pending.since_ms = context_.now_ms;
  context_.counters->headers_awaited.add();
  pending.watcher.watch(true, false);
}

std::uint32_t Introductions::count(const Database& database,
                                   const std::vector<std::uint16_t>& presentations) const {
  const auto is_named = [&](const PeerRule& rule) {
    return std::find(presentations.begin(), presentations.end(), rule.presentation) !=
           presentations.end();
  };
  const auto found = std::count_if(pending_.begin(), pending_.end(), [&](const auto& pending) {
    const std::vector<PeerRule>& peers = pending->rules->peers;
    return pending->fd >= 0 && pending->database == &database &&
           std::any_of(peers.begin(), peers.end(), is_named);
  });
  return static_cast<std::uint32_t>(found);
}

void Introductions::tick() {
  for (const auto& pending : pending_) {
    const std::uint32_t most = pending->database->limits().proxy_header_ms;
    if (pending->fd < 0 || context_.now_ms - pending->since_ms < most) continue;
    refuse(*pending, "did not come within " + std::to_string(most) + " ms");
  }
}

void Introductions::close_all() {
  for (const auto& pending : pending_) {
    if (pending->fd >= 0) close(*pending);
  }
}

void Introductions::on_ready(void* owner, Readiness readiness) {
  Pending& pending = *static_cast<Pending*>(owner);
  if (pending.fd < 0) return;
  if (readiness.failed) {
    pending.owner->close(pending);
  } else if (readiness.readable) {
    pending.owner->read(pending);
  }
}

void Introductions::on_closed(void* owner) {
  auto* const pending = static_cast<Pending*>(owner);
  std::erase_if(pending->owner->pending_,
                [pending](const auto& other) { return other.get() == pending; });
}

void Introductions::read(Pending& pending) {
  std::array<std::uint8_t, kPeekBytes> bytes;
  const ssize_t got = recv(pending.fd, bytes.data(), bytes.size(), MSG_PEEK);
  context_.counters->recv_calls.add();
  if (got < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) close(pending);
    return;
  }
  if (got == 0) {
    // Whoever only looks whether the port is open has done nothing wrong.
    if (pending.header.begun()) return refuse(pending, "is not complete");
    return close(pending);
  }
  const ProxyHeaderStatus status =
      pending.header.read({bytes.data(), static_cast<std::size_t>(got)});
  if (status == ProxyHeaderStatus::kError)
    return refuse(pending, std::string(pending.header.error()));
  // What was looked at and belongs to the header; the client's own bytes stay for it.
  (void)recv(pending.fd, bytes.data(), pending.header.consumed(), 0);
  if (status == ProxyHeaderStatus::kComplete) finish(pending);
}

void Introductions::finish(Pending& pending) {
  Arrival arrival;
  arrival.proxied = pending.header.connection();
  const std::optional<IpAddress> ip =
      arrival.proxied ? arrival.proxied->source.address : peer_ip(pending.fd);
  arrival.presentation = presentation_of(pending.rules->peers, ip);
  arrival.fd = release(pending);
  place_(arrival, ip, *pending.database);
}

void Introductions::refuse(Pending& pending, const std::string& reason) {
  context_.counters->header_refused.add();
  if (context_.now_ms - told_at_ms_ >= kTellAgainMs) {
    told_at_ms_ = context_.now_ms;
    PlaneEvent event;
    event.kind = PlaneEvent::Kind::kHeaderRefused;
    event.database = pending.database->id;
    event.text = reason;
    event.label = peer_address(pending.fd);
    context_.up.events.push_back(std::move(event));
  }
  close(pending);
}

void Introductions::close(Pending& pending) { ::close(release(pending)); }

int Introductions::release(Pending& pending) {
  const int fd = pending.fd;
  pending.fd = -1;
  context_.counters->headers_awaited.subtract();
  pending.watcher.close(on_closed);
  return fd;
}

}  // namespace slotgate
