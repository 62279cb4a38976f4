#include "plane/request_streams.h"

#include <string>

#include "core/crc16.h"
#include "plane/client_pause.h"
#include "plane/clients.h"
#include "plane/dispatcher.h"
#include "plane/lanes.h"
#include "plane/leases.h"
#include "plane/links.h"
#include "plane/monitors.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/refusal.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// More is taken from the client while fewer bytes than this wait to be sent.
constexpr std::size_t kUnsentMost = 256 * 1024;

std::string nothing_executed(std::string_view why, std::size_t bytes) {
  return "-TRYAGAIN " + std::string(why) + " while a request of " + std::to_string(bytes) +
         " bytes was being sent; nothing was executed\r\n";
}

}  // namespace

RequestStreams::Begun RequestStreams::begin(Client& client, const RequestFramer& framer,
                                            const std::uint8_t* data) {
  if (framer.announced_size() < kStreamRequestBytes || framer.announced_args() == 0)
    return Begun::kNo;
  const std::vector<Arg>& args = framer.args();
  if (args.empty() || (client.special & kSpecialUnauthenticated) != 0) return Begun::kNo;
  // It is refused: see Dispatcher.
  if (is_confined(client)) return Begun::kNo;
  // It is queued whole, and sent with the rest of the transaction.
  if (client.session && client.session->transaction) return Begun::kNo;
  const Bytes seen{data, framer.scanned()};
  const Command* command = client.database->commands->find({data + args[0].offset, args[0].length});
  if (command == nullptr || command->route != RouteBy::kKeys || command->shape != KeyShape::kOne ||
      (command->flags & (kFlagBlocking | kFlagBlocksWithToken | kFlagConnectionState)) != 0 ||
      // What is called otherwise is gathered, to be sent by its own name.
      (command->flags & (kFlagRenamed | kFlagSubcommand)) != 0 ||
      command->first_key >= args.size() || !arity_fits(command->arity, framer.announced_args())) {
    return Begun::kNo;
  }
  const Arg& key = args[command->first_key];
  const std::uint16_t slot = slot_for_key({seen.data + key.offset, key.length});
  const bool elsewhere = client.audience->is_elsewhere(slot);
  if (!elsewhere && client.database->attention != 0 && context_.pause->holds(client, *command))
    return Begun::kLater;
  if (client.head != kNoIndex) {
    client.special |= kSpecialDraining;
    return Begun::kLater;
  }
  if (!elsewhere && (client.database->attention & kAttentionMonitored) != 0)
    context_.monitors->show(client, *command, seen, args);
  client.stream = std::make_unique<RequestStream>();
  client.stream->key.assign(reinterpret_cast<const char*>(seen.data) + key.offset, key.length);
  client.stream->bytes = framer.announced_size();
  Lanes::sends(client, framer.announced_size());
  client.stream->request = context_.dispatcher->append(
      client, *command, slot, kReqStreamed | Dispatcher::command_flags(*command));
  if ((client.database->attention & kAttentionReaders) != 0)
    Readers::note_streamed(client, context_.requests[client.stream->request]);
  client.special |= kSpecialStreaming;
  if (elsewhere) {
    context_.counters->moved_answered.add();
    fail(client, client.audience->moved_reply(slot));
    return Begun::kYes;
  }
  context_.counters->streamed_requests.add();
  connect(client, client.database->slots.owner(slot), false);
  return Begun::kYes;
}

Link* RequestStreams::lease(Client& client, Server& server) {
  if (client.session && client.session->bound) return context_.tracking->link_for(client, server);
  return context_.links->borrow(*client.database, server, client.user, client.protocol);
}

void RequestStreams::connect(Client& client, std::uint16_t server, bool asking) {
  RequestStream& stream = *client.stream;
  Request& request = context_.requests[stream.request];
  Database& database = *client.database;
  Link* link = server == SlotMap::kUnassigned ? nullptr : lease(client, *database.servers[server]);
  if (link == nullptr) {
    wait_or_fail(client, server == SlotMap::kUnassigned
                             ? "-CLUSTERDOWN Hash slot not served\r\n"
                             : "-CLUSTERDOWN no connection to " +
                                   database.servers[server]->entry.label + " (slot " +
                                   std::to_string(request.slot) +
                                   "): " + database.servers[server]->last_failure + "\r\n");
    return;
  }
  link->borrower = client.index;
  stream.link = link;
  stream.state = StreamState::kProbing;
  stream.asking = asking;
  if (asking) context_.links->send_internal(*link, "*1\r\n$6\r\nASKING\r\n");
  const std::string probe = "*2\r\n$6\r\nEXISTS\r\n" + bulk_reply(stream.key);
  context_.links->send(*link, stream.request, bytes_of(probe));
}

void RequestStreams::wait_or_fail(Client& client, std::string_view text) {
  const Request& request = context_.requests[client.stream->request];
  const bool late =
      context_.turn_stamp() - request.arrived_ms >= client.database->limits().hold_timeout_ms;
  if (late || client.peer_finished) {
    (late ? context_.counters->held_expired : context_.counters->held_dropped).add();
    fail(client, text);
    return;
  }
  client.stream->state = StreamState::kWaiting;
  context_.counters->held.add();
  waiting_.push_back(client.index);
}

void RequestStreams::retry() {
  std::vector<std::uint32_t> clients;
  clients.swap(waiting_);
  for (const std::uint32_t index : clients) {
    Client& client = context_.clients[index];
    if (!client.stream || client.stream->state != StreamState::kWaiting) continue;
    connect(client, client.database->slots.owner(context_.requests[client.stream->request].slot),
            false);
  }
}

void RequestStreams::probe_answered(Client& client, std::string_view line) {
  RequestStream& stream = *client.stream;
  const Refusal refusal = parse_refusal(line);
  const bool redirect = refusal.kind == RefusalKind::kMoved || refusal.kind == RefusalKind::kAsk;
  Request& request = context_.requests[stream.request];
  if (redirect && request.redirects++ < client.database->limits().redirects_max) {
    Link& link = *stream.link;
    const std::uint16_t target = context_.redirector->redirect_target(link, request.slot, refusal);
    context_.links->give_back(link);
    stream.link = nullptr;
    connect(client, target, refusal.kind == RefusalKind::kAsk);
    return;
  }
  if (refusal.kind != RefusalKind::kNone) {
    Link& link = *stream.link;
    stream.link = nullptr;
    context_.links->give_back(link);
    wait_or_fail(client, line);
    return;
  }
  // Whatever else an EXISTS is refused with, the request would be, too; a user who may not ask may
  // still be allowed to write.
  if (line.starts_with('-') && error_word(line) != "NOPERM") {
    fail(client, line);
    return;
  }
  stream.state = StreamState::kSending;
  if (stream.asking) context_.links->send_internal(*stream.link, "*1\r\n$6\r\nASKING\r\n");
  context_.links->begin_stream(*stream.link, stream.request);
  context_.client_io->continue_stream(client);
}

bool RequestStreams::wants_input(const Client& client) noexcept {
  const RequestStream& stream = *client.stream;
  if (stream.state == StreamState::kDiscarding) return true;
  return stream.state == StreamState::kSending && stream.link->stream.unsent() < kUnsentMost;
}

void RequestStreams::protocol_error(Client& client, std::string_view text) {
  const bool answered = client.stream->request == kNoIndex;
  const std::uint32_t index =
      answered ? context_.dispatcher->append_unknown(client) : client.stream->request;
  drop_link(client);
  client.stream.reset();
  context_.counters->protocol_errors.add();
  context_.requests[index].flags |= kReqCloseAfter;
  client.special |= kSpecialFinished;
  context_.replies->deliver_copy(index, "-ERR Protocol error: " + std::string(text) + "\r\n");
}

void RequestStreams::feed(Client& client) {
  while (client.stream && wants_input(client) && client.input && !client.input->bytes.empty()) {
    RequestStream& stream = *client.stream;
    ClientInput& input = *client.input;
    const FrameStatus status = input.framer.next(input.bytes.data(), input.bytes.size(),
                                                 client.database->limits().request);
    if (status == FrameStatus::kProtocolError || status == FrameStatus::kEmpty) {
      protocol_error(client, input.framer.error());
      return;
    }
    const bool complete = status == FrameStatus::kComplete;
    const std::size_t ready = complete ? input.framer.consumed() : input.framer.scanned();
    if (stream.state == StreamState::kSending) {
      context_.links->send_more(*stream.link, {input.bytes.data(), ready});
    }
    input.bytes.consume(ready);
    if (!complete) {
      if (ready == 0) return;
      input.framer.drop(ready);
      continue;
    }
    if (stream.state == StreamState::kSending) {
      stream.state = StreamState::kSent;
    } else {
      finish(client);
    }
  }
}

void RequestStreams::reply(Link& link, std::uint32_t index, const std::uint8_t* data,
                           std::size_t size) {
  Client& client = context_.clients[context_.requests[index].client];
  RequestStream& stream = *client.stream;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (stream.state == StreamState::kProbing) {
    probe_answered(client, line);
    return;
  }
  const RefusalKind refusal = line.starts_with('-') ? parse_refusal(line).kind : RefusalKind::kNone;
  const bool redirected = refusal == RefusalKind::kMoved || refusal == RefusalKind::kAsk;
  if (stream.state != StreamState::kSent) {
    // An answer before the end: the server will read no further.
    fail(client, line);
    return;
  }
  stream.link = nullptr;
  context_.links->give_back(link);
  if (redirected) {
    context_.replies->deliver_copy(index, nothing_executed("slot moved", stream.bytes));
  } else {
    context_.replies->deliver(index, data, size);
  }
  finish(client);
}

void RequestStreams::link_lost(Link& link, std::uint32_t index) {
  Client& client = context_.clients[context_.requests[index].client];
  RequestStream& stream = *client.stream;
  stream.link = nullptr;
  if (stream.state == StreamState::kProbing) {
    wait_or_fail(client, link.denied ? link.refusal + "\r\n"
                                     : "-CLUSTERDOWN the connection to " +
                                           link.server->entry.label + " was lost\r\n");
    return;
  }
  const bool all_written = stream.state == StreamState::kSent && link.stream.unsent() == 0;
  if (!all_written) {
    fail(client, nothing_executed("the connection to " + link.server->entry.label + " was lost",
                                  stream.bytes));
    return;
  }
  context_.counters->unknown_outcomes.add();
  context_.replies->deliver_copy(index, "-OUTCOMEUNKNOWN outcome unknown: connection to " +
                                            link.server->entry.label + " (slot " +
                                            std::to_string(context_.requests[index].slot) +
                                            ") was lost after the command was sent\r\n");
  finish(client);
}

void RequestStreams::link_drained(Link& link) {
  Client& client = context_.clients[link.borrower];
  if (client.stream && client.stream->link == &link) context_.client_io->continue_stream(client);
}

void RequestStreams::fail(Client& client, std::string_view text) {
  RequestStream& stream = *client.stream;
  const std::uint32_t index = stream.request;
  drop_link(client);
  const bool all_read = stream.state == StreamState::kSent;
  stream.state = StreamState::kDiscarding;
  stream.request = kNoIndex;  // answered: the record goes when the answer is sent
  context_.replies->deliver_copy(index, text);
  if (all_read) {
    finish(client);
  } else {
    context_.client_io->continue_stream(client);
  }
}

void RequestStreams::drop_link(Client& client) {
  RequestStream& stream = *client.stream;
  if (stream.link == nullptr) return;
  Link& link = *stream.link;
  stream.link = nullptr;
  if (!link.leased) {
    context_.links->abandon(link, stream.request);
    return;
  }
  context_.leases->drop(client, link, stream.request);
  context_.tracking->links_dropped(client);
}

void RequestStreams::finish(Client& client) {
  client.stream.reset();
  if (client.input && client.input->bytes.empty()) {
    client.input.reset();
  } else if (client.input) {
    client.input->framer.reset();
    client.unparsed = true;
  }
  context_.client_io->resume(client, kSpecialStreaming);
}

void RequestStreams::client_gone(Client& client) {
  drop_link(client);
  // No link has it any more: it goes with the client's other requests.
  const std::uint32_t index = client.stream->request;
  if (index != kNoIndex) context_.requests[index].state = RequestState::kDone;
  client.stream.reset();
}

}  // namespace slotgate
