#include "plane/transactions.h"

#include <cstring>
#include <limits>
#include <string>

#include "plane/clients.h"
#include "plane/leases.h"
#include "plane/links.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/refusal.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/scripts.h"

namespace slotgate {

namespace {

constexpr std::string_view kBegin = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kEnd = "*1\r\n$4\r\nEXEC\r\n";
/// MULTI and EXEC are answered, too, and the record counts replies in 16 bits.
constexpr std::uint32_t kCommandsMost = std::numeric_limits<std::uint16_t>::max() - 2;

std::size_t block_size(const Transaction& transaction) noexcept {
  return kBegin.size() + transaction.frames.size() + kEnd.size();
}

void write_block(std::uint8_t* out, const Transaction& transaction) noexcept {
  std::memcpy(out, kBegin.data(), kBegin.size());
  out += kBegin.size();
  if (!transaction.frames.empty())
    std::memcpy(out, transaction.frames.data(), transaction.frames.size());
  std::memcpy(out + transaction.frames.size(), kEnd.data(), kEnd.size());
}

std::uint16_t block_flags(const Transaction& transaction) noexcept {
  return static_cast<std::uint16_t>(kReqBlock | (transaction.readonly ? kReqReadonly : 0) |
                                    (transaction.has_slot ? 0 : kReqKeyless));
}

}  // namespace

std::string Transactions::null_reply(const Client& client) {
  return client.protocol == 3 ? "_\r\n" : "*-1\r\n";
}

Dispatched Transactions::answer(Client& client, const Command& command, std::string_view reply) {
  context_.replies->deliver_copy(context_.dispatcher->append(client, command, client.home_slot, 0),
                                 reply);
  return Dispatched::kTaken;
}

Dispatched Transactions::refuse(Client& client, const Command& command, std::string_view reply) {
  fail(client);
  return answer(client, command, reply);
}

Dispatched Transactions::begin(Client& client, const Command& command) {
  ClientSession& session = Leases::session_of(client);
  if (session.transaction) return answer(client, command, "-ERR MULTI calls can not be nested\r\n");
  session.transaction = std::make_unique<Transaction>();
  return answer(client, command, "+OK\r\n");
}

Dispatched Transactions::queue(Client& client, const Command& command, Bytes frame,
                               const std::vector<Arg>& args) {
  Transaction& transaction = *client.session->transaction;
  if ((command.flags & kFlagQueueable) == 0) {
    return refuse(client, command,
                  "-ERR command is not allowed in a transaction through Slotgate: '" +
                      command.row->name + "'\r\n");
  }
  const SlotDecision decision = decide_slot(command, frame, args, keys_);
  const bool has_keys = decision.verdict != SlotVerdict::kNoKeys &&
                        (command.route == RouteBy::kKeys || command.route == RouteBy::kPubSub);
  const bool elsewhere = transaction.has_slot && decision.slot != transaction.slot;
  if (has_keys && (decision.verdict == SlotVerdict::kManySlots || elsewhere)) {
    return context_.dispatcher->refuse_many_slots(client, command);
  }
  const std::size_t most = client.database->limits().request.frame_bytes_max;
  if (transaction.commands == kCommandsMost || block_size(transaction) + frame.size > most) {
    return refuse(client, command,
                  "-ERR the transaction is too large: at most " + std::to_string(kCommandsMost) +
                      " commands and maxQueryBufferBytes (" + std::to_string(most) + ")\r\n");
  }
  if (has_keys) {
    transaction.has_slot = true;
    transaction.slot = decision.slot;
  }
  transaction.readonly = transaction.readonly && (command.flags & kFlagReadonly) != 0;
  transaction.scripts = transaction.scripts || Scripts::concerns(command);
  transaction.frames.append(frame.data, frame.size);
  ++transaction.commands;
  context_.replies->deliver_static(
      context_.dispatcher->append(client, command, client.home_slot, 0), "+QUEUED\r\n");
  return Dispatched::kTaken;
}

Dispatched Transactions::execute(Client& client, const Command& command) {
  if (!client.session || !client.session->transaction)
    return answer(client, command, "-ERR EXEC without MULTI\r\n");
  ClientSession& session = *client.session;
  if (session.transaction->failed) {
    forget(client);
    return answer(client, command,
                  "-EXECABORT Transaction discarded because of previous errors.\r\n");
  }
  if (session.watching) return send_watched(client, command);
  if (session.transaction->commands == 0) {
    forget(client);
    return answer(client, command, "*0\r\n");
  }
  return send_block(client, command);
}

Dispatched Transactions::send_block(Client& client, const Command& command) {
  Transaction& transaction = *client.session->transaction;
  const std::uint16_t slot = transaction.has_slot ? transaction.slot : client.home_slot;
  const std::size_t size = block_size(transaction);
  if (context_.readers->must_wait(client, slot, block_flags(transaction)))
    return Dispatched::kNotNow;
  Link* const link = context_.dispatcher->link_now(client, slot);
  if (link != nullptr && context_.dispatcher->stalls(client, *link, size))
    return Dispatched::kNotNow;
  const std::uint32_t index =
      context_.dispatcher->append(client, command, slot, block_flags(transaction));
  Request& request = context_.requests[index];
  request.part = static_cast<std::uint16_t>(transaction.commands + 2);
  if (link != nullptr) {
    prepare_scripts(*link, transaction);
    write_block(context_.links->begin_send(*link, index, size), transaction);
    context_.links->end_send(*link, size);
  } else {
    request.owned = request_bytes(size);
    request.length = static_cast<std::uint32_t>(size);
    write_block(request.owned.get(), transaction);
    context_.redirector->hold(index);
  }
  client.session->transaction.reset();
  Leases::end_session_if_idle(client);
  return Dispatched::kTaken;
}

void Transactions::prepare_scripts(Link& link, const Transaction& transaction) {
  if (!transaction.scripts) return;
  context_.scripts->prepare_block(link, {transaction.frames.data(), transaction.frames.size()});
}

Dispatched Transactions::send_watched(Client& client, const Command& command) {
  // The private link is another way to the server: what was sent before must have arrived.
  if (client.head != kNoIndex) {
    client.special |= kSpecialDraining;
    return Dispatched::kNotNow;
  }
  ClientSession& session = *client.session;
  const Transaction& transaction = *session.transaction;
  const bool same_slot = !transaction.has_slot || transaction.slot == session.watch_slot;
  if (!same_slot) {
    forget(client);
    return answer(client, command,
                  "-EXECABORT Transaction discarded because of: CROSSSLOT the watched keys and the "
                  "keys of the transaction don't hash to the same slot\r\n");
  }
  const Link* const link = session.watch_link;
  // As another user, or in another protocol, it would be answered as who it was.
  const bool is_other =
      link == nullptr || link->user != client.user || link->protocol != client.protocol;
  if (session.watch_broken || is_other) {
    forget(client);
    return answer(client, command, null_reply(client));
  }
  const std::size_t size = block_size(transaction);
  const std::uint32_t index = context_.dispatcher->append(
      client, command, session.watch_slot, static_cast<std::uint16_t>(block_flags(transaction)));
  context_.requests[index].part = static_cast<std::uint16_t>(transaction.commands + 2);
  prepare_scripts(*session.watch_link, transaction);
  write_block(context_.links->begin_send(*session.watch_link, index, size), transaction);
  context_.links->end_send(*session.watch_link, size);
  session.transaction.reset();
  client.special |= kSpecialAwaiting;
  return Dispatched::kTaken;
}

Dispatched Transactions::abort(Client& client, const Command& command, const std::string& why) {
  if (client.session && client.session->transaction) forget(client);
  return answer(client, command, "-EXECABORT Transaction discarded because of: " + why);
}

Dispatched Transactions::discard(Client& client, const Command& command) {
  if (!client.session || !client.session->transaction)
    return answer(client, command, "-ERR DISCARD without MULTI\r\n");
  forget(client);
  return answer(client, command, "+OK\r\n");
}

Dispatched Transactions::unwatch(Client& client, const Command& command) {
  if (client.session) end_watch(client);
  return answer(client, command, "+OK\r\n");
}

void Transactions::watch(Client& client, std::uint16_t slot) {
  ClientSession& session = Leases::session_of(client);
  Link* const link = session.latest;
  // A second WATCH that ended at another server: the first watch is at the former owner.
  const bool moved = session.watching && session.watch_link != link;
  if (moved && session.watch_link != nullptr) unwatch_link(client, *session.watch_link);
  session.watching = true;
  session.watch_slot = slot;
  session.watch_link = link;
  session.watch_broken = session.watch_broken || moved || link == nullptr;
}

void Transactions::unwatch_link(Client& client, Link& link) {
  context_.links->send_internal(link, "*1\r\n$7\r\nUNWATCH\r\n");
  if (!client.session->bound) context_.leases->release(client, link);
}

void Transactions::end_watch(Client& client) {
  ClientSession& session = *client.session;
  if (session.watching) {
    session.watching = session.watch_broken = false;
    Link* const link = session.watch_link;
    session.watch_link = nullptr;
    if (link != nullptr) unwatch_link(client, *link);
  }
  Leases::end_session_if_idle(client);
}

void Transactions::forget(Client& client) {
  if (!client.session) return;
  client.session->transaction.reset();
  end_watch(client);
}

bool Transactions::is_watched_exec(std::uint32_t index) {
  const Request& request = context_.requests[index];
  if ((request.flags & kReqBlock) == 0 || request.client == kNoIndex) return false;
  const Client& client = context_.clients[request.client];
  return client.session && client.session->watching && !client.session->transaction;
}

void Transactions::exec_over(Client& client) {
  end_watch(client);
  context_.client_io->resume(client, kSpecialAwaiting);
}

void Transactions::deliver_exec(Link& link, std::uint32_t index, const BlockReplies& block,
                                std::string_view reply) {
  const bool watched = is_watched_exec(index);
  const Request& request = context_.requests[index];
  Client* const client = request.client == kNoIndex ? nullptr : &context_.clients[request.client];
  if ((request.flags & kReqWatchOrder) != 0) context_.redirector->executed(link, index);
  const std::string why(without_crlf(block.first_error));
  if (block.executed) {
    context_.replies->deliver_copy(
        index, "-ERR MULTI was refused, but commands behind it were executed: " + why + "\r\n");
  } else if (reply.starts_with('-') && !why.empty()) {
    context_.replies->deliver_copy(
        index, "-EXECABORT Transaction discarded because of: " + why.substr(1) + "\r\n");
  } else {
    context_.replies->deliver(index, reinterpret_cast<const std::uint8_t*>(reply.data()),
                              reply.size());
  }
  if (watched) exec_over(*client);
}

bool Transactions::watch_refused(std::uint32_t index, std::string_view why) {
  if (!is_watched_exec(index) || parse_refusal(why).kind == RefusalKind::kNone) return false;
  Client& client = context_.clients[context_.requests[index].client];
  context_.replies->deliver_copy(index, null_reply(client));
  exec_over(client);
  return true;
}

bool Transactions::exec_lost(std::uint32_t index, bool written) {
  if (!is_watched_exec(index)) return false;
  const Request& request = context_.requests[index];
  Client& client = context_.clients[request.client];
  // Repeated elsewhere, what it reads would no longer be what was watched.
  const bool nothing_done = !written || (request.flags & kReqReadonly) != 0;
  if (nothing_done) context_.replies->deliver_copy(index, null_reply(client));
  exec_over(client);
  return nothing_done;
}

}  // namespace slotgate
