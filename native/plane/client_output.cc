// The sending half of Clients.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "plane/clients.h"
#include "plane/joiner.h"
#include "plane/lanes.h"
#include "plane/links.h"
#include "plane/rate_limits.h"
#include "plane/redirector.h"
#include "plane/replies.h"

namespace slotgate {

void Clients::flush() {
  if (!corked_.empty()) uncork_old();
  std::vector<std::uint32_t>& dirty = context_.replies->dirty();
  // Flushing may make others dirty (a close drops held requests): go on until none is left.
  for (std::size_t i = 0; i < dirty.size(); ++i) {
    Client& client = context_.clients[dirty[i]];
    client.dirty = false;
    if (!client.closing && client.id != 0) flush_client(client);
  }
  dirty.clear();
  reads_since_flush_ = 0;
}

void Clients::flush_client(Client& client) {
  emit_ready(client);
  if ((client.special & kSpecialSession) != 0) emit_deferred(client);
  if (!client.closing && may_cork(client)) {
    cork(client);
  } else {
    client.corked_at_ms = 0;
    if (gather_.total() != 0) send_gathered(client);
    const bool kept_back = !client.closing && client.output && !client.watcher.writing();
    if (kept_back) write_output(client);
  }
  release_sent();
  if (!client.closing) after_flush(client);
}

void Clients::release_sent() {
  for (const std::uint32_t index : sent_) {
    const Request& request = context_.requests[index];
    if (request.join != kNoIndex) context_.joiner->recycle(request.join);
    context_.release(index);
  }
  sent_.clear();
}

bool Clients::may_cork(const Client& client) noexcept {
  if (client.head == kNoIndex || client.watcher.writing()) return false;
  const Request& next = context_.requests[client.head];
  // Only what came in one read belongs together: requests of several users of one connection, which
  // do not know of each other, must not wait for each other.
  if (next.batch != emitted_batch_ || next.state != RequestState::kInFlight) return false;
  if (client.corked_at_ms != 0 && context_.now_ms - client.corked_at_ms >= kCorkMs) return false;
  const std::size_t waiting = gather_.total() + (client.output ? client.output->size() : 0);
  return waiting != 0 && waiting < kFlushAtBytes;
}

void Clients::keep_gathered(Client& client) {
  const iovec* const pieces = gather_.pieces();
  for (std::size_t i = 0; i < gather_.piece_count() && !client.closing; ++i) {
    append_output(client, static_cast<const std::uint8_t*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  gather_.clear();
}

void Clients::cork(Client& client) {
  keep_gathered(client);
  if (client.closing || client.corked_at_ms != 0) return;
  client.corked_at_ms = context_.now_ms;
  corked_.push_back(client.index);
}

void Clients::uncork_old() {
  std::erase_if(corked_, [&](std::uint32_t index) {
    Client& client = context_.clients[index];
    if (client.id == 0 || client.closing || client.corked_at_ms == 0) return true;
    if (context_.now_ms - client.corked_at_ms < kCorkMs) return false;
    context_.replies->mark_dirty(client);
    return true;
  });
}

void Clients::emit_ready(Client& client) {
  std::uint32_t largest = client.size_estimate - client.size_estimate / 8;
  while (client.head != kNoIndex && !client.closing) {
    const std::uint32_t index = client.head;
    Request& request = context_.requests[index];
    if (request.state != RequestState::kDone) break;
    // The end of a reply of which the client has the beginning is not another one.
    if (!client.mid_reply && is_over_limit(client)) break;
    if (client.mid_reply) [[unlikely]] {
      client.mid_reply = false;
      largest = std::max(largest, client.forwarded + request.reply_size);
    }
    if ((request.flags & kReqSilent) != 0) [[unlikely]] {
      // CLIENT REPLY: its place in the order is all that it had.
    } else if (request.join == kNoIndex) {
      emit(client, request.reply, request.reply_size);
      largest = std::max(largest, request.reply_size);
    } else {
      largest = std::max(largest, context_.joiner->emit_array(request.join, client));
    }
    if (client.closing) break;  // its requests were detached with it
    if ((client.special & kSpecialSession) != 0) emit_behind(client, index);
    if ((request.flags & kReqCloseAfter) != 0) client.close_when_sent = true;
    if (client.reads) client.reads->answered(request.arrival, context_.now_ms);
    emitted_batch_ = request.batch;
    client.head = request.next;
    if (client.head == kNoIndex) client.tail = kNoIndex;
    --client.in_flight;
    if (request.join == kNoIndex && request.owned == nullptr) {
      context_.release(index);
    } else {
      sent_.push_back(index);
    }
  }
  client.size_estimate = largest;
}

void Clients::emit(Client& client, const std::uint8_t* data, std::size_t size) {
  if (client.closing) return;
  if (client.output && !client.output->empty()) {
    append_output(client, data, size);
    return;
  }
  if (!gather_.fits(size)) {
    send_gathered(client);
    if (client.closing) return;
    if (client.output && !client.output->empty()) {
      append_output(client, data, size);
      return;
    }
  }
  gather_.add(data, size);
}

bool Clients::is_over_limit(Client& client) {
  // What counts is what waits before a reply: one that is large itself is not held against a client
  // that reads.
  const std::size_t most = client.database->limits().client_output_bytes_max;
  if (!client.output || client.output->size() <= most) return false;
  context_.counters->output_limit_closed.add();
  close(client);
  return true;
}

void Clients::append_output(Client& client, const std::uint8_t* data, std::size_t size) {
  if (!client.output) client.output = std::make_unique<ByteBuffer>(MemoryKind::kOutput);
  client.output->append(data, size);
}

void Clients::send_gathered(Client& client) {
  const std::size_t total = gather_.total();
  iovec* const pieces = gather_.pieces();
  const std::size_t count = gather_.piece_count();
  ssize_t sent = 0;
  do {
    if (count == 1) {
      sent = send(client.fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = pieces;
      message.msg_iovlen = count;
      sent = sendmsg(client.fd, &message, MSG_NOSIGNAL);
    }
    context_.counters->send_calls.add();
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
    gather_.clear();
    close(client);
    return;
  }
  std::size_t gone = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  context_.counters->client_bytes_out.add(gone);
  if (client.rate) [[unlikely]]
    context_.rates->moved(client, gone);
  if (gone != total) {
    for (std::size_t i = 0; i < count && !client.closing; ++i) {
      const std::size_t skip = std::min(gone, pieces[i].iov_len);
      gone -= skip;
      if (skip < pieces[i].iov_len) {
        append_output(client, static_cast<const std::uint8_t*>(pieces[i].iov_base) + skip,
                      pieces[i].iov_len - skip);
      }
    }
    if (!client.closing) watch(client);
  }
  gather_.clear();
}

void Clients::forward(Client& client, const std::uint8_t* data, std::size_t size) {
  if (!client.mid_reply && is_over_limit(client)) return;
  client.forwarded = static_cast<std::uint32_t>(
      std::min<std::size_t>((client.mid_reply ? client.forwarded : 0) + size, UINT32_MAX / 2));
  client.size_estimate = std::max(client.size_estimate, client.forwarded);
  client.mid_reply = true;
  emit(client, data, size);
  if (!client.closing && gather_.total() != 0) send_gathered(client);
}

void Clients::write_backlog(Client& client) {
  if (!client.output) return;
  write_output(client);
  if (!client.closing) context_.replies->mark_dirty(client);
}

void Clients::write_output(Client& client) {
  ByteBuffer& output = *client.output;
  // The kernel may take megabytes at once: others would wait while they are copied.
  std::size_t room = kBacklogBytesPerTurn;
  while (!output.empty() && room != 0) {
    const ssize_t sent =
        send(client.fd, output.data(), std::min(output.size(), room), MSG_NOSIGNAL);
    context_.counters->send_calls.add();
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (sent < 0) {
      close(client);
      return;
    }
    context_.counters->client_bytes_out.add(static_cast<std::uint64_t>(sent));
    if (client.rate) context_.rates->moved(client, static_cast<std::size_t>(sent));
    output.consume(static_cast<std::size_t>(sent));
    room -= static_cast<std::size_t>(sent);
    client.excused_at_ms = context_.now_ms;
    if (client.paused != nullptr) client.paused->paused_at_ms = context_.now_ms;
  }
  if (client.paused != nullptr && output.size() < Links::pause_at(client) / 2) {
    context_.links->read_on(*client.paused);
  }
  if (output.empty()) client.output.reset();
  if (client.output || client.watcher.writing()) watch(client);
}

void Clients::after_flush(Client& client) {
  const bool corked = client.corked_at_ms != 0;
  const bool backlog = client.output && !client.output->empty() && !corked;
  if (backlog) {
    client.window = std::max(client.window / 2, 1U);
  } else if (corked) {
    // What is kept back leaves with the rest; more may be parsed meanwhile.
  } else if (client.close_when_sent ||
             (client.input_done && client.head == kNoIndex && !client.unparsed)) {
    close(client);
    return;
  }
  Lanes::judge(client);
  if (client.head == kNoIndex && (client.special & kSpecialDraining) != 0) {
    client.special = static_cast<std::uint16_t>(client.special & ~kSpecialDraining);
  }
  if (client.unparsed) {
    const bool room = client.in_flight <= client.window / 2;
    if (client.window_full && room && !backlog) {
      // It took a full window without backlog: it may have more, as far as its replies are small.
      client.window = std::clamp(client.window * 2, 1U, Lanes::window_most(client));
      client.window_full = false;
    }
    if (!client.window_full && (!backlog || client.output->size() <= kOutputBacklogBytes)) {
      make_ready(client);
    }
  } else if (backlog != client.watcher.writing() || !client.watcher.reading()) {
    watch(client);
  }
}

}  // namespace slotgate
