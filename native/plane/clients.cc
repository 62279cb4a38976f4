#include "plane/clients.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "plane/client_pause.h"
#include "plane/dispatcher.h"
#include "plane/errands.h"
#include "plane/joiner.h"
#include "plane/lanes.h"
#include "plane/leases.h"
#include "plane/links.h"
#include "plane/local_answers.h"
#include "plane/memory_guard.h"
#include "plane/monitors.h"
#include "plane/pubsub.h"
#include "plane/rate_limits.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/request_streams.h"
#include "plane/socket.h"
#include "plane/tracking.h"

namespace slotgate {

void Clients::refuse_for_number(int fd) {
  turn_away(fd, "-ERR max number of clients reached\r\n");
  context_.counters->rejected.add();
}

void Clients::adopt(const Arrival& arrival, Database& database,
                    std::uint32_t clients_of_all_workers) {
  const int fd = arrival.fd;
  if (context_.memory->refuses(database) ||
      clients_of_all_workers >= database.limits().clients_max) {
    refuse_for_number(fd);
    return;
  }
  const std::uint32_t index = context_.clients.take();
  Client& client = context_.clients[index];
  if (client.watcher.open(&context_.loop, fd, &client, on_ready) != 0) {
    context_.clients.give(index);
    ::close(fd);
    context_.counters->rejected.add();
    return;
  }
  prepare_client_socket(fd, database.limits().keepalive_seconds);
  client.fd = fd;
  client.index = index;
  client.id = next_sequence_++ * 256 + context_.worker;
  client.clients = this;
  client.database = &database;
  client.audience = &database.audiences.of(arrival.presentation);
  ++client.audience->clients;
  client.user = database.settings->client_user;
  client.home_slot =
      static_cast<std::uint16_t>((client.id / 256 * 2654435761ULL >> 8) % kSlotCount);
  client.special = database.settings->client_must_authenticate ? kSpecialUnauthenticated : 0;
  Lanes::begin(client);
  client.last_command = kNoCommand;
  client.reply_mode = ReplyMode::kOn;
  client.no_evict = client.postponed = false;
  client.notice_kind = 0;
  context_.woken_up();
  client.connected_at_ms = client.last_read_ms = context_.now_ms;
  client.excused_at_ms = client.must_log_in_since_ms = context_.now_ms;
  if (arrival.proxied) client.proxied = std::make_unique<ProxiedConnection>(*arrival.proxied);
  context_.rates->begin(client);
  client.stopped_at_ms = client.stopped_by = 0;
  client.watcher.watch(true, false);
  context_.counters->accepted.add();
  context_.counters->clients.add();
}

Client* Clients::find(std::uint32_t index, std::uint64_t id) {
  if (index >= context_.clients.extent()) return nullptr;
  Client& client = context_.clients[index];
  return client.id == id && !client.closing ? &client : nullptr;
}

void Clients::for_each(const std::function<void(Client&)>& visit) {
  for (std::uint32_t i = 0; i < context_.clients.extent(); ++i) {
    Client& client = context_.clients[i];
    if (client.id != 0 && !client.closing) visit(client);
  }
}

void Clients::on_ready(void* owner, Readiness readiness) {
  Client& client = *static_cast<Client*>(owner);
  Clients& self = *client.clients;
  if (readiness.writable && !client.closing) self.write_backlog(client);
  if (readiness.failed && !client.closing) {
    self.close(client);
    return;
  }
  if (readiness.readable && !client.closing) self.read(client);
  if (readiness.disconnected && !client.closing) self.input_ended(client);
}

const RequestLimits& Clients::limits_for(const Client& client) const noexcept {
  const PlaneLimits& limits = client.database->limits();
  return (client.special & kSpecialUnauthenticated) != 0 ? limits.request_before_auth
                                                         : limits.request;
}

void Clients::watch(Client& client) {
  const bool paused = client.input_done || client.unparsed || client.stopped_at_ms != 0 ||
                      (client.special & kSpecialFinished) != 0 ||
                      (client.rate && client.rate->waits) ||
                      (client.output && client.output->size() > kOutputBacklogBytes) ||
                      (client.stream && !RequestStreams::wants_input(client));
  client.watcher.watch(!paused,
                       client.output && !client.output->empty() && client.corked_at_ms == 0);
}

void Clients::read(Client& client) {
  // Input that was not parsed to its end is parsed first; reading goes on when it is used up.
  if (client.unparsed || client.stopped_at_ms != 0 ||
      (client.stream && !RequestStreams::wants_input(client))) {
    watch(client);
    return;
  }
  if (context_.memory->turn_is_spent()) [[unlikely]]
    return;  // it is still readable in the next turn
  const bool begun = client.input && (client.stream || !client.input->bytes.empty());
  std::uint8_t* room = begun ? client.input->bytes.prepare(kReadBytesPerTurn / 4) : scratch_.data();
  const std::size_t size =
      begun ? std::min(client.input->bytes.room(), kReadBytesPerTurn) : scratch_.size();
  const ssize_t got = recv(client.fd, room, size, 0);
  context_.counters->recv_calls.add();
  if (got == 0) {
    client.input_done = true;
    if (client.stream && client.stream->state != StreamState::kSent) {
      close(client);
      return;
    }
    input_ended(client);
    return;
  }
  if (got < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) close(client);
    return;
  }
  const std::size_t count = static_cast<std::size_t>(got);
  context_.woken_up();
  ++client.batch;
  client.last_read_ms = context_.now_ms;
  context_.counters->client_bytes_in.add(count);
  if (begun) {
    client.input->bytes.commit(count);
    parse_input(client);
  } else {
    const std::size_t done = parse(client, framer_, scratch_.data(), count);
    if (!client.closing && done < count)
      keep(client, framer_, scratch_.data() + done, count - done);
    framer_.reset();
  }
  if (client.rate && !client.closing) [[unlikely]]
    context_.rates->moved(client, count);
  if (++reads_since_flush_ >= kReadsPerLinkFlush) {
    reads_since_flush_ = 0;
    context_.links->flush();
  }
}

void Clients::keep(Client& client, RequestFramer& framer, const std::uint8_t* data,
                   std::size_t size) {
  if (!client.input) client.input = std::make_unique<ClientInput>();
  client.input->bytes.append(data, size);
  std::swap(client.input->framer, framer);
  if (client.unparsed) client.input->framer.reset();
}

void Clients::continue_stream(Client& client) {
  if (client.closing) return;
  client.stream_ready = true;
  make_ready(client);
}

void Clients::parse_input(Client& client) {
  if (client.stream) {
    context_.streams->feed(client);
    if (!client.stream && client.input && client.input->bytes.empty()) client.input.reset();
    return;
  }
  ClientInput& input = *client.input;
  client.unparsed = false;
  const std::size_t done = parse(client, input.framer, input.bytes.data(), input.bytes.size());
  if (client.closing) return;
  input.bytes.consume(done);
  input.bytes.shrink(kReadBytesPerTurn);
  if (client.stream) return;
  if (!client.unparsed) Lanes::sends(client, input.bytes.size());
  if (client.unparsed) input.framer.reset();
  if (input.bytes.empty()) client.input.reset();
}

std::size_t Clients::parse(Client& client, RequestFramer& framer, const std::uint8_t* data,
                           std::size_t size) {
  if (client.rate) [[unlikely]] {
    const std::uint32_t most = context_.rates->commands_now(client, kRequestsPerTurn);
    const Parsed parsed = parse_some(client, framer, data, size, most);
    context_.rates->took(client, parsed.requests);
    if (!client.closing && client.unparsed && parsed.requests == most)
      context_.rates->wait_if_over(client);
    return parsed.done;
  }
  return parse_some(client, framer, data, size, kRequestsPerTurn).done;
}

Clients::Parsed Clients::parse_some(Client& client, RequestFramer& framer, const std::uint8_t* data,
                                    std::size_t size, std::uint32_t most) {
  constexpr std::uint16_t kStops = kSpecialAwaiting | kSpecialDraining | kSpecialStalled;
  std::size_t done = 0;
  std::uint32_t taken = 0;
  while (done < size) {
    if ((client.special & kSpecialFinished) != 0) return {size, taken};
    if ((client.special & kStops) != 0 ||
        (client.output && client.output->size() > kOutputBacklogBytes)) {
      client.unparsed = true;
      return {done, taken};
    }
    if (taken == most) {
      client.unparsed = true;
      if (!client.rate) make_ready(client);
      return {done, taken};
    }
    const FrameStatus status = framer.next(data + done, size - done, limits_for(client));
    if (status == FrameStatus::kNeedMore) {
      if (context_.streams->begin(client, framer, data + done) == RequestStreams::Begun::kLater) {
        client.unparsed = true;
      }
      return {done, taken};
    }
    if (status == FrameStatus::kProtocolError) {
      protocol_error(client, framer.error());
      return {size, taken};
    }
    if (status == FrameStatus::kComplete) {
      const Dispatched outcome =
          context_.dispatcher->dispatch(client, framer.frame(), framer.args());
      if (client.closing) return {size, taken + 1};
      if (outcome == Dispatched::kNotNow) {
        client.unparsed = true;
        return {done, taken};
      }
      ++taken;
    }
    done += framer.consumed();
  }
  return {done, taken};
}

void Clients::protocol_error(Client& client, std::string_view text) {
  context_.counters->protocol_errors.add();
  const std::uint32_t index = context_.dispatcher->append_unknown(client);
  context_.requests[index].flags |= kReqCloseAfter;
  client.special |= kSpecialFinished;
  context_.replies->deliver_copy(index, "-ERR Protocol error: " + std::string(text) + "\r\n");
  watch(client);
}

void Clients::end_unfinished(Client& client, std::uint32_t waited_ms) {
  const std::string text = "request not completed within " + std::to_string(waited_ms) + " ms";
  if (client.stream) {
    context_.streams->protocol_error(client, text);
  } else {
    protocol_error(client, text);
  }
  client.input.reset();
  watch(client);
}

void Clients::make_ready(Client& client) {
  if (client.ready) return;
  client.ready = true;
  ready_.push_back(client.index);
}

void Clients::run_ready_list() {
  running_.swap(ready_);
  for (const std::uint32_t index : running_) {
    Client& client = context_.clients[index];
    client.ready = false;
    if (client.closing || client.id == 0 || !(client.unparsed || client.stream_ready)) continue;
    if (client.stopped_at_ms != 0) continue;  // read_on() makes it ready again
    client.stream_ready = false;
    if (!client.input) continue;
    parse_input(client);
    if (!client.closing && client.postponed && client.peer_finished) context_.pause->forget(client);
    if (client.closing || client.unparsed) continue;
    if (client.input_done) {
      after_flush(client);
    } else {
      watch(client);
    }
  }
  running_.clear();
}

void Clients::read_on(Client& client) {
  if (client.unparsed) make_ready(client);
  watch(client);
}

void Clients::resume(Client& client, std::uint16_t special_bit) {
  client.special = static_cast<std::uint16_t>(client.special & ~special_bit);
  if (client.unparsed) make_ready(client);
}

void Clients::resume_stalled(std::uint32_t index) {
  Client& client = context_.clients[index];
  if (client.id != 0 && !client.closing) resume(client, kSpecialStalled);
}

void Clients::input_ended(Client& client) {
  client.peer_finished = true;
  if (client.session && client.session->blocked) {
    // What it waits for would be taken for nobody.
    close(client);
    return;
  }
  if (client.postponed) context_.pause->forget(client);
  // What was received is executed; what waits for a server would be executed for nobody.
  context_.redirector->answer_held_of(client);
  watch(client);
  context_.replies->mark_dirty(client);
}

void Clients::detach_requests(Client& client) {
  for (std::uint32_t index = client.head; index != kNoIndex;) {
    Request& request = context_.requests[index];
    const std::uint32_t next = request.next;
    switch (request.state) {
      case RequestState::kInFlight:
        request.client = kNoIndex;
        break;
      case RequestState::kHeld:
      case RequestState::kParked:
      case RequestState::kTakenBack:
        context_.redirector->forget(index);
        break;
      case RequestState::kJoining:
        context_.joiner->abandon(index);
        break;
      case RequestState::kDone:
        if (request.join != kNoIndex) context_.joiner->recycle(request.join);
        context_.release(index);
        break;
      case RequestState::kControl:
      case RequestState::kSubscribing:
      case RequestState::kFree:
        context_.release(index);
        break;
    }
    index = next;
  }
  client.head = client.tail = kNoIndex;
  client.in_flight = 0;
}

void Clients::close(Client& client) {
  if (client.closing) return;
  client.closing = true;
  if (client.stream) context_.streams->client_gone(client);
  if (client.paused != nullptr) context_.links->read_on(*client.paused);
  detach_requests(client);
  if (client.session) {
    context_.pubsub->forget(client);
    if (client.session->monitoring) context_.monitors->end(client);
    context_.tracking->forget(client);
    context_.errands->client_gone(client);
    context_.leases->drop_all(client);
    client.session.reset();
  }
  client.input.reset();
  client.output.reset();
  client.names.reset();
  client.proxied.reset();
  --client.audience->clients;
  client.reads.reset();
  context_.counters->closed.add();
  context_.counters->clients.subtract();
  client.watcher.close(on_closed);
  ::close(client.fd);
  client.fd = -1;
}

void Clients::on_closed(void* owner) {
  Client& client = *static_cast<Client*>(owner);
  WorkerContext& context = client.clients->context_;
  const std::uint32_t index = client.index;
  client.id = 0;
  client.rate.reset();
  client.special = 0;
  client.corked_at_ms = 0;
  client.protocol = 2;
  client.size_estimate = 0;
  client.written = 0;
  client.dirty = client.ready = client.unparsed = client.window_full = client.stream_ready = false;
  client.pushed = client.mid_reply = false;
  client.peer_finished = client.input_done = client.close_when_sent = client.closing = false;
  client.leaves = false;
  context.clients.give(index);
}

bool Clients::is_of(const Client& client, const AudienceNames& names) noexcept {
  const std::uint16_t number = client.audience->number();
  return client.database->id == names.database &&
         std::find(names.numbers.begin(), names.numbers.end(), number) != names.numbers.end();
}

void Clients::close_all() {
  for_each([&](Client& client) { close(client); });
}

}  // namespace slotgate
