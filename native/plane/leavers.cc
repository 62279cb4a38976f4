#include "plane/leavers.h"

#include <sys/socket.h>

#include "plane/clients.h"

namespace slotgate {

namespace {

/// It is looked who pauses every millisecond, with so many clients; with more of them less often.
constexpr std::size_t kLooksPerMs = 256;

bool has_state(const Client& client) noexcept {
  return client.session && (client.session->transaction || client.session->subscriptions);
}

/// Requests that arrive with the close are not forwarded, so that repeating them is safe: this
/// looks whether one is here already.
bool has_sent_more(const Client& client) noexcept {
  std::uint8_t byte = 0;
  return recv(client.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool is_between_requests(const Client& client) noexcept {
  return client.head == kNoIndex && !client.input && !client.output && !has_state(client);
}

}  // namespace

void Leavers::add(std::size_t most, Leaving how, const AudienceNames* among) {
  context_.woken_up();
  context_.client_io->for_each([&](Client& client) {
    if (most == 0 || (among != nullptr && !Clients::is_of(client, *among))) return;
    if (how == Leaving::kNow) {
      --most;
      leave_now(client);
      return;
    }
    const bool has_settled = context_.now_ms - client.connected_at_ms >= kSettlingMs;
    if (client.leaves || !has_settled) return;
    --most;
    client.leaves = true;
    waiting_.push_back({client.id, 0, client.index});
  });
  due_ms_ = context_.now_ms;
}

void Leavers::leave_now(Client& client) {
  if (is_between_requests(client)) {
    if (!has_sent_more(client)) context_.client_io->close(client);
    return;
  }
  if (client.head == kNoIndex || client.stream || has_state(client)) return;
  client.special |= kSpecialFinished;
  context_.requests[client.tail].flags |= kReqCloseAfter;
}

void Leavers::let_stay(const AudienceNames& among) {
  std::erase_if(waiting_, [&](const Leaver& leaver) {
    Client* const client = context_.client_io->find(leaver.index, leaver.id);
    if (client == nullptr || !Clients::is_of(*client, among)) return client == nullptr;
    client->leaves = false;
    return true;
  });
}

bool Leavers::has_gone(Leaver& leaver) {
  Client* const client = context_.client_io->find(leaver.index, leaver.id);
  if (client == nullptr) return true;
  if (!is_between_requests(*client)) {
    leaver.paused_since_ms = 0;
    return false;
  }
  if (leaver.paused_since_ms == 0 || leaver.paused_since_ms < client->last_read_ms) {
    leaver.paused_since_ms = context_.now_ms;
    return false;
  }
  if (context_.now_ms - leaver.paused_since_ms < kPauseMs || has_sent_more(*client)) return false;
  context_.client_io->close(*client);
  return true;
}

void Leavers::run() {
  std::erase_if(waiting_, [this](Leaver& leaver) { return has_gone(leaver); });
  due_ms_ = context_.now_ms + 1 + waiting_.size() / kLooksPerMs;
}

}  // namespace slotgate
