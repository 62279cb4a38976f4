#include "plane/links.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "plane/clients.h"
#include "plane/errands.h"
#include "plane/joiner.h"
#include "plane/lanes.h"
#include "plane/memory_guard.h"
#include "plane/pubsub.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/request_streams.h"
#include "plane/scripts.h"
#include "plane/slow_requests.h"
#include "plane/socket.h"
#include "plane/tracking.h"
#include "plane/transactions.h"
#include "plane/write_retries.h"

namespace slotgate {

namespace {

/// Room that stays for a reply that is forwarded while it arrives.
constexpr std::size_t kGatheredKept = 2 * kLargeReplyBytesPerTurn;

}  // namespace

void Links::send_internal(Link& link, std::string_view frame) {
  const std::uint32_t index = context_.requests.take();
  Request& request = context_.requests[index];
  request.client = kNoIndex;
  request.next = kNoIndex;
  request.join = kNoIndex;
  request.slot = 0;
  request.flags = kReqInternal;
  send(link, index, bytes_of(frame));
}

void Links::flush() {
  // Writing may lose a link, and that may append to others.
  while (!dirty_.empty()) {
    flushing_.swap(dirty_);
    for (Link* link : flushing_) {
      link->dirty = false;
      link->waited = 0;
      if (link->state == LinkState::kReady && !link->write_blocked) write(*link);
    }
    flushing_.clear();
  }
}

bool Links::flush_patiently() {
  flushing_.swap(dirty_);
  for (Link* link : flushing_) {
    const std::size_t unsent = link->stream.unsent();
    const bool server_is_busy = link->stream.unanswered() != unsent;
    if (server_is_busy && link->waited < kFlushPatienceTurns && unsent < kFlushAtBytes) {
      ++link->waited;
      dirty_.push_back(link);
      continue;
    }
    link->dirty = false;
    link->waited = 0;
    if (link->state == LinkState::kReady && !link->write_blocked) write(*link);
  }
  flushing_.clear();
  // Losing a link may have given others something to send.
  return !dirty_.empty();
}

void Links::write(Link& link) {
  while (link.stream.unsent() != 0) {
    const ssize_t sent =
        ::send(link.fd, link.stream.unsent_data(), link.stream.unsent(), MSG_NOSIGNAL);
    context_.counters->send_calls.add();
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        lose_after_reading(link, errno);
        return;
      }
      break;
    }
    link.stream.mark_sent(static_cast<std::size_t>(sent));
    context_.counters->link_bytes_out.add(static_cast<std::uint64_t>(sent));
    link.last_used_ms = context_.now_ms;
    if (link.stream.unsent() != 0) break;
  }
  if (link.streaming) link.stream.forget_sent();
  const bool blocked = link.stream.unsent() != 0;
  if (blocked != link.write_blocked) {
    link.write_blocked = blocked;
    link.watcher.watch(link.paused_for == kNoIndex, blocked);
  }
  if (link.streaming && !blocked && link.borrower != kNoIndex) context_.streams->link_drained(link);
}

void Links::on_ready(void* owner, Readiness readiness) {
  Link& link = *static_cast<Link*>(owner);
  Links& self = *link.links;
  if (link.state == LinkState::kConnecting) {
    if (readiness.writable || readiness.failed) self.connected(link);
    return;
  }
  if (readiness.writable && link.state != LinkState::kClosed) {
    if (link.state == LinkState::kHandshaking) {
      self.write_handshake(link);
    } else {
      self.write(link);
    }
  }
  if ((readiness.readable || readiness.failed) && link.state != LinkState::kClosed) {
    if (readiness.failed) {
      self.lose_after_reading(link, connect_result(link.fd));
    } else if (link.kind != LinkKind::kSubscription ||
               !self.context_.client_io->is_pushing_much()) {
      if (!self.context_.memory->turn_is_spent()) self.read(link);
    }
  }
}

void Links::lose_after_reading(Link& link, int error) {
  // Requests that were answered before the error are not lost.
  while (link.state != LinkState::kClosed && read(link)) {
  }
  if (link.state != LinkState::kClosed) lose(link, error_text(error), end_by(error));
}

LinkEnd Links::end_by(int error) noexcept {
  return error == ETIMEDOUT ? LinkEnd::kSilent : LinkEnd::kServerEnded;
}

bool Links::read(Link& link) {
  const std::size_t kept = link.partial.size();
  const bool large = kept > ChunkRing::kChunkBytes - ChunkRing::kRoomMin;
  std::uint8_t* front = nullptr;
  std::size_t room = 0;
  if (large) {
    const std::size_t announced = link.framer.announced_size();
    const std::size_t missing = announced > kept ? announced - kept : 0;
    room = std::clamp(missing, ChunkRing::kRoomMin, kLargeReplyBytesPerTurn);
    front = link.partial.prepare(room);
  } else {
    const ChunkRing::Room chunk = context_.chunks.take(kept);
    if (kept != 0) std::memcpy(chunk.data, link.partial.data(), kept);
    front = chunk.data + kept;
    room = chunk.size - kept;
    // Every message may go to thousands of clients: a small read is a lot of work.
    if (link.kind == LinkKind::kSubscription) room = std::min(room, kSubscriptionReadBytes);
  }
  const ssize_t got = recv(link.fd, front, room, 0);
  context_.counters->recv_calls.add();
  if (got <= 0) {
    const int error = got < 0 ? errno : 0;
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return false;
    lose(link, error == 0 ? "the server closed the connection" : error_text(error), end_by(error));
    return false;
  }
  const std::size_t count = static_cast<std::size_t>(got);
  context_.woken_up();
  context_.counters->link_bytes_in.add(count);
  link.last_used_ms = link.owed_since_ms = context_.now_ms;
  if (large) {
    link.partial.commit(count);
    take_large(link);
  } else {
    link.partial.clear();
    context_.chunks.keep(kept + count);
    take_replies(link, front - kept, kept + count);
  }
  if (link.state != LinkState::kClosed) after_replies(link);
  return true;
}

void Links::after_replies(Link& link) {
  if (link.fenced) context_.redirector->answered(link);
  if (link.retired && link.in_flight.empty()) {
    abandon(link, kNoIndex);
    return;
  }
  if (!link.stalled.empty() && !Lanes::is_full(link) &&
      link.stream.unanswered() <= link.database->limits().link_unanswered_bytes_max / 2) {
    std::vector<std::uint32_t> stalled;
    stalled.swap(link.stalled);
    for (const std::uint32_t index : stalled) context_.client_io->resume_stalled(index);
  }
}

void Links::take_replies(Link& link, const std::uint8_t* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ReplyStatus status = link.framer.next(data + done, size - done);
    if (status == ReplyStatus::kNeedMore) {
      keep_incomplete(link, data + done, size - done);
      return;
    }
    if (status == ReplyStatus::kProtocolError) {
      lose(link, "the server sent what is not RESP", LinkEnd::kMisbehaved);
      return;
    }
    const std::size_t frame = link.framer.frame_size();
    if (!take_reply(link, data + done, frame)) return;
    done += frame;
  }
}

void Links::take_large(Link& link) {
  const ReplyStatus status = link.framer.next(link.partial.data(), link.partial.size());
  if (status == ReplyStatus::kProtocolError) {
    lose(link, "the server sent what is not RESP", LinkEnd::kMisbehaved);
    return;
  }
  if (status == ReplyStatus::kNeedMore) {
    forward_head(link, link.partial);
    return;
  }
  // The reads were sized so that little lies behind the frame: it moves to a chunk.
  const std::size_t frame = link.framer.frame_size();
  ByteBuffer large = std::move(link.partial);
  link.partial = ByteBuffer(MemoryKind::kLinks);
  const std::size_t rest = large.size() - frame;
  const ChunkRing::Room chunk = context_.chunks.take(0);
  std::memcpy(chunk.data, large.data() + frame, rest);
  context_.chunks.keep(rest);
  if (!take_reply(link, large.data(), frame)) return;
  context_.replies->copy_out_of_arena();
  context_.client_io->flush();
  take_replies(link, chunk.data, rest);
}

void Links::keep_incomplete(Link& link, const std::uint8_t* data, std::size_t size) {
  link.partial.clear();
  link.partial.append(data, size);
  if (link.framer.announced_size() >= kStreamReplyBytes || link.head_forwarded) {
    forward_head(link, link.partial);
  }
}

void Links::forward_head(Link& link, ByteBuffer& bytes) {
  const std::size_t ready = link.framer.scanned();
  if (ready == 0 || link.state != LinkState::kReady || link.in_flight.empty()) return;
  if (bytes.data()[0] == '>' && !link.head_forwarded) return;
  Request& request = context_.requests[link.in_flight.front()];
  if (link.kind == LinkKind::kReader) {
    const std::string_view beginning(reinterpret_cast<const char*>(bytes.data()), ready);
    if (!link.head_forwarded &&
        !context_.readers->is_settled(link, link.in_flight.front(), beginning)) {
      return;
    }
  } else if ((request.flags & kReqErrand) != 0) {
    if (!context_.errands->unwanted(link.in_flight.front(), bytes.size())) return;
  } else if ((request.flags & kReqSlowReply) != 0 && !link.head_forwarded) {
    // A part whose client is gone is not joined with others.
    const bool is_part = (request.flags & kReqSlowReply) == kReqFragment;
    if (!is_part || request.client != kNoIndex) return;
  }
  if (request.client != kNoIndex && (request.flags & kReqSilent) == 0) {
    Client& client = context_.clients[request.client];
    if (client.head != link.in_flight.front()) return;
    if (!link.head_forwarded) context_.counters->streamed_replies.add();
    context_.client_io->forward(client, bytes.data(), ready);
    if (!client.closing && client.output && client.output->size() >= pause_at(client))
      wait_for(link, client);
  }
  link.head_forwarded = true;
  bytes.consume(ready);
  link.framer.drop(ready);
  bytes.shrink(kGatheredKept);
}

bool Links::take_reply(Link& link, const std::uint8_t* data, std::size_t size) {
  if (link.state == LinkState::kHandshaking) {
    return handshake_reply(link, {reinterpret_cast<const char*>(data), size});
  }
  if (link.framer.is_push()) {
    context_.counters->pushes.add();
    if (link.kind != LinkKind::kSubscription) {
      context_.tracking->pushed(link, {reinterpret_cast<const char*>(data), size});
      return true;
    }
    link.subscription->hub->pushed(*link.subscription, {reinterpret_cast<const char*>(data), size});
    return link.state != LinkState::kClosed;
  }
  if (link.kind == LinkKind::kSubscription) {
    link.subscription->hub->replied(*link.subscription,
                                    {reinterpret_cast<const char*>(data), size});
    return link.state != LinkState::kClosed;
  }
  if (link.in_flight.empty()) {
    lose(link, "the server sent a reply that nobody asked for", LinkEnd::kMisbehaved);
    return false;
  }
  const std::uint32_t index = link.in_flight.front();
  Request& request = context_.requests[index];
  if ((request.flags & kReqBlock) != 0 && !link.stream.sent_up_to(request.offset + 1)) {
    lose(link, "the server sent a reply that nobody asked for", LinkEnd::kMisbehaved);
    return false;
  }
  if ((request.flags & kReqBlock) != 0 &&
      !block_is_complete(link, {reinterpret_cast<const char*>(data), size})) {
    return true;
  }
  link.in_flight.pop_front();
  ++link.answered;
  const bool forwarded = link.head_forwarded;
  link.head_forwarded = false;
  if (link.kind == LinkKind::kReader) {
    const std::string_view reply(reinterpret_cast<const char*>(data), size);
    return context_.readers->answered(link, index, reply, forwarded);
  }
  if (link.streaming && (request.flags & kReqInternal) != 0) {
    context_.release(index);  // ASKING: its bytes were forgotten when they were sent
    return true;
  }
  if ((request.flags & kReqStreamed) != 0) {
    if (!link.streaming) link.stream.answered_up_to(request.offset + request.length);
    context_.streams->reply(link, index, data, size);
    return link.state != LinkState::kClosed;
  }
  const std::uint32_t end = request.offset + request.length;
  if (!link.stream.sent_up_to(end)) {
    take_early(link, index, {reinterpret_cast<const char*>(data), size});
    return false;
  }
  if ((request.flags & kReqErrand) != 0) {
    link.stream.answered_up_to(end);
    context_.errands->reply(index, data, size);
    return link.state != LinkState::kClosed;
  }
  if ((request.flags & kReqBlock) != 0) return take_block(link, index, data, size);
  if (link.framer.type() == '-') {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    if ((request.flags & (kReqInternal | kReqScript)) != 0)
      context_.scripts->note_error(link, index, line);
    if ((request.flags & kReqInternal) == 0 && context_.redirector->refused(link, index, line)) {
      link.stream.answered_up_to(end);
      return true;
    }
    context_.counters->error_replies.add();
  }
  context_.slow->answered(link, request);
  if ((request.flags & kReqSlowReply) == 0) {
    context_.replies->deliver(index, data, size);
  } else {
    deliver_slowly(link, index, data, size);
  }
  link.stream.answered_up_to(end);
  return true;
}

void Links::take_early(Link& link, std::uint32_t index, std::string_view reply) {
  if ((context_.requests[index].flags & kReqErrand) != 0) {
    context_.errands->reply(index, bytes_of(reply).data, reply.size());
  } else {
    context_.replies->deliver_copy(index, reply);
  }
  lose(link, "the server answered before it had the whole request", LinkEnd::kMisbehaved);
}

void Links::deliver_slowly(Link& link, std::uint32_t index, const std::uint8_t* data,
                           std::size_t size) {
  const Request& request = context_.requests[index];
  if ((request.flags & kReqInternal) != 0) {
    context_.release(index);
    return;
  }
  if ((request.flags & kReqWatchOrder) != 0) context_.redirector->executed(link, index);
  if ((request.flags & kReqReceivers) != 0 && request.client != kNoIndex) {
    const Bytes frame{link.stream.at(request.offset), request.length};
    context_.replies->deliver_copy(
        index, context_.pubsub->corrected(link, request, frame,
                                          {reinterpret_cast<const char*>(data), size}));
    return;
  }
  if (WriteRetries::concerns(request) && request.client != kNoIndex) {
    if (data[0] == '-') {
      context_.replies->deliver_copy(index, {reinterpret_cast<const char*>(data), size});
      return;
    }
    context_.retries->succeeded(index);
  }
  if ((request.flags & kReqFragment) == 0) {
    context_.replies->deliver(index, data, size);
  } else if (request.client == kNoIndex) {
    context_.replies->discard(index);
  } else {
    context_.joiner->part_answered(index, data, size);
  }
}

bool Links::block_is_complete(Link& link, std::string_view reply) {
  BlockReplies& block = link.block;
  const Request& request = context_.requests[link.in_flight.front()];
  const bool error = reply.starts_with('-');
  const bool last = ++block.count == request.part;
  if (error && block.first_error.empty() && !last) block.first_error = reply;
  if (block.count == 1) block.begin_refused = error;
  if (block.begin_refused && !error) block.executed = true;
  return last;
}

bool Links::take_block(Link& link, std::uint32_t index, const std::uint8_t* data,
                       std::size_t size) {
  const Request& request = context_.requests[index];
  const std::uint32_t end = request.offset + request.length;
  const BlockReplies block = std::exchange(link.block, {});
  const std::string_view reply(reinterpret_cast<const char*>(data), size);
  const bool failed = reply.starts_with('-');
  // Why EXEC failed is what the first refused command was told.
  const std::string_view why = failed && !block.first_error.empty() ? block.first_error : reply;
  const bool nothing_done = failed && !block.executed;
  const bool taken = nothing_done && (context_.transactions->watch_refused(index, why) ||
                                      context_.redirector->refused(link, index, why));
  if (!taken) context_.transactions->deliver_exec(link, index, block, reply);
  link.stream.answered_up_to(end);
  return link.state != LinkState::kClosed;
}

}  // namespace slotgate
