#include "plane/client_timeouts.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/rate_limits.h"
#include "plane/request_streams.h"

namespace slotgate {

namespace {

/// Between the beginnings of two rounds.
constexpr std::uint64_t kRoundMs = 1000;
/// Clients looked at in one turn: each is a cache line that the turn's requests do not need.
constexpr std::uint32_t kLooksPerTurn = 1024;

bool has_timeouts(const PlaneLimits& limits) noexcept {
  return limits.client_idle_ms != 0 || limits.partial_request_ms != 0 || limits.login_ms != 0;
}

bool is_over(std::uint32_t limit_ms, std::uint64_t waited_ms) noexcept {
  return limit_ms != 0 && waited_ms >= limit_ms;
}

/// It has begun a request, and nothing but its own bytes is missing.
bool is_amid_request(const Client& client) noexcept {
  if (client.unparsed || !client.watcher.reading()) return false;
  if (client.stream) return RequestStreams::wants_input(client);
  return client.input && !client.input->bytes.empty();
}

/// It waits for the proxy, or is one of those that servers, too, let be silent; those that track
/// keys besides, since all that they have read would be void.
bool may_be_silent(const Client& client) noexcept {
  constexpr std::uint8_t kWaits = kSpecialAwaiting | kSpecialDraining | kSpecialStalled;
  // What it sent may wait for the proxy, or for itself: for its taking the replies to earlier ones.
  const bool unread = client.output && !client.output->empty();
  if (client.head != kNoIndex || (client.special & kWaits) != 0) return true;
  if (client.unparsed && !unread) return true;
  if (client.rate && client.rate->waits) return true;
  if (!client.session) return false;
  const ClientSession& session = *client.session;
  return session.monitoring || (session.subscriptions && session.subscriptions->any()) ||
         (session.bound && session.bound->tracks);
}

}  // namespace

void ClientTimeouts::tick() {
  if (running_ || context_.now_ms < next_round_ms_) return;
  next_round_ms_ = context_.now_ms + kRoundMs;
  next_ = 0;
  running_ = std::any_of(context_.databases.begin(), context_.databases.end(),
                         [](const auto& database) { return has_timeouts(database->limits()); });
}

void ClientTimeouts::run_slice() {
  const std::uint32_t end = std::min(context_.clients.extent(), next_ + kLooksPerTurn);
  for (; next_ < end; ++next_) {
    Client& client = context_.clients[next_];
    // Who is not read for want of memory is not to blame.
    if (client.id != 0 && !client.closing && client.stopped_at_ms == 0) look_at(client);
  }
  running_ = next_ < context_.clients.extent();
}

void ClientTimeouts::look_at(Client& client) {
  const PlaneLimits& limits = client.database->limits();
  const bool logged_in = (client.special & kSpecialUnauthenticated) == 0;
  if (!logged_in && is_over(limits.login_ms, context_.now_ms - client.must_log_in_since_ms)) {
    context_.counters->login_timeout_closed.add();
    context_.client_io->close(client);
    return;
  }
  const bool amid_request = is_amid_request(client);
  const bool streams = amid_request && client.stream;
  if (!amid_request && may_be_silent(client)) {
    client.excused_at_ms = context_.now_ms;
    return;
  }
  const std::uint64_t quiet_ms =
      context_.now_ms - std::max(client.last_read_ms, client.excused_at_ms);
  if (amid_request && is_over(limits.partial_request_ms, quiet_ms)) {
    context_.counters->partial_request_closed.add();
    context_.client_io->end_unfinished(client, limits.partial_request_ms);
    return;
  }
  // A streamed request counts as in flight, but it is the client that does not go on.
  if ((streams || !may_be_silent(client)) && is_over(limits.client_idle_ms, quiet_ms)) {
    context_.counters->idle_closed.add();
    context_.client_io->close(client);
  }
}

}  // namespace slotgate
