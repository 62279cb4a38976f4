// Clients: what is sent to clients that have not asked for it just now.
#include "plane/clients.h"
#include "plane/leases.h"
#include "plane/replies.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

bool has_unread_pushes(const Client& client) {
  const ByteBuffer* const deferred = client.session ? client.session->deferred.get() : nullptr;
  const std::size_t unread =
      (client.output ? client.output->size() : 0) + (deferred != nullptr ? deferred->size() : 0);
  return unread > client.database->limits().subscriber_output_bytes_max;
}

}  // namespace

bool Clients::closes_for_pushes(Client& client) {
  if (!has_unread_pushes(client)) return false;
  // Some of it may only be waiting for its turn.
  flush_client(client);
  if (!client.closing && !has_unread_pushes(client)) return false;
  if (!client.closing) {
    context_.counters->slow_subscribers_closed.add();
    close(client);
  }
  return true;
}

void Clients::push(Client& client, std::string_view bytes) {
  if (client.closing || client.close_when_sent) return;
  if (closes_for_pushes(client)) return;
  if (client.mid_reply) {
    ClientSession& session = Leases::session_of(client);
    if (!session.deferred) session.deferred = std::make_unique<ByteBuffer>(MemoryKind::kOutput);
    session.deferred->append(bytes.data(), bytes.size());
    return;
  }
  if (client.head != kNoIndex && context_.requests[client.head].state == RequestState::kDone) {
    emit_ready(client);
    keep_gathered(client);
    release_sent();
    if (client.closing) return;
    context_.replies->mark_dirty(client);
  }
  emit_deferred(client);
  append_output(client, bytes_of(bytes).data, bytes.size());
  pushed_bytes_ += bytes.size();
  if (!client.pushed) {
    client.pushed = true;
    pushed_.push_back(client.index);
  }
  if (is_pushing_much()) flush_client(client);
}

void Clients::emit_behind(Client& client, std::uint32_t index) {
  const std::string frames = context_.tracking->take_behind(client, index);
  if (frames.empty() || client.closing) return;
  keep_gathered(client);
  append_output(client, bytes_of(frames).data, frames.size());
}

void Clients::emit_deferred(Client& client) {
  if (client.closing || client.mid_reply || !client.session || !client.session->deferred) return;
  const std::unique_ptr<ByteBuffer> deferred = std::move(client.session->deferred);
  Leases::end_session_if_idle(client);
  keep_gathered(client);
  append_output(client, deferred->data(), deferred->size());
}

void Clients::flush_pushed() {
  for (std::size_t i = 0; i < kPushFlushesPerTurn && !pushed_.empty(); ++i) {
    Client& client = context_.clients[pushed_.front()];
    pushed_.pop_front();
    if (!client.pushed) continue;  // another client now
    client.pushed = false;
    if (!client.closing) flush_client(client);
  }
  if (pushed_.empty()) pushed_bytes_ = 0;
}

}  // namespace slotgate
