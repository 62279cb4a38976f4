#include "plane/control_desk.h"

#include <cstring>

#include "plane/client_address.h"
#include "plane/client_reset.h"
#include "plane/clients.h"
#include "plane/leases.h"
#include "plane/monitors.h"
#include "plane/own_writes.h"
#include "plane/replies.h"
#include "plane/slow_requests.h"
#include "plane/tracking.h"
#include "plane/transactions.h"

namespace slotgate {

std::int32_t ControlDesk::slot_of(const Command& command, Bytes frame,
                                  const std::vector<Arg>& args) {
  const SlotDecision decision = decide_slot(command, frame, args, keys_);
  switch (decision.verdict) {
    case SlotVerdict::kOneSlot:
      return decision.slot;
    case SlotVerdict::kManySlots:
      return ControlRequest::kManySlots;
    case SlotVerdict::kNoKeys:
      break;
  }
  return ControlRequest::kNoKeys;
}

Dispatched ControlDesk::ask(Client& client, const Command* command, Bytes frame,
                            const std::vector<Arg>& args) {
  if (client.head != kNoIndex) {
    client.special |= kSpecialDraining;
    return Dispatched::kNotNow;
  }
  const std::uint32_t index =
      command != nullptr ? context_.dispatcher->append(client, *command, client.home_slot, 0)
                         : context_.dispatcher->append_unknown(client);
  Request& request = context_.requests[index];
  request.state = RequestState::kControl;
  // Kept for dispatch_again().
  request.owned = request_bytes(frame.size);
  std::memcpy(request.owned.get(), frame.data, frame.size);
  request.length = static_cast<std::uint32_t>(frame.size);
  client.special |= kSpecialAwaiting;

  ControlRequest up;
  up.client_id = client.id;
  up.client_index = client.index;
  up.database = client.database->id;
  up.row = command != nullptr ? command->id : -1;
  if (command != nullptr) up.slot = slot_of(*command, frame, args);
  tell_writes(client, up);
  up.protocol = client.protocol;
  up.user = client.user;
  if (client.session) {
    up.in_transaction = client.session->transaction != nullptr;
    if (client.session->watching) up.watch_slot = client.session->watch_slot;
    if (const BoundLinks* const bound = client.session->bound.get()) {
      up.connection_state = bound->state;
      up.target_gone = bound->target_gone;
    }
    if (command == nullptr && up.in_transaction) client.session->transaction->asked_unknown = true;
  }
  up.must_log_in = (client.special & kSpecialUnauthenticated) != 0;
  for (const Arg& arg : args) {
    up.args.emplace_back(reinterpret_cast<const char*>(frame.data) + arg.offset, arg.length);
  }
  if (client.names) up.client_name = client.names->name;
  up.client_address = client_address(client);
  up.presentation = client.audience->number();
  if (!is_at_unix_socket(client)) up.local_address = client_local_address(client);
  context_.up.controls.push_back(std::move(up));
  context_.counters->control_requests.add();
  return Dispatched::kTaken;
}

Client* ControlDesk::waiting_client(std::uint32_t client_index, std::uint64_t client_id) {
  Client* client = context_.client_io->find(client_index, client_id);
  if (client == nullptr || client->head == kNoIndex) return nullptr;
  return context_.requests[client->head].state == RequestState::kControl ? client : nullptr;
}

void ControlDesk::answer(std::uint32_t client_index, std::uint64_t client_id,
                         const ControlAnswer& answer) {
  Client* client = waiting_client(client_index, client_id);
  if (client == nullptr) return;
  const std::uint32_t index = client->head;
  if (answer.change == ClientChange::kMonitor) {
    context_.monitors->begin(*client, answer);
    return;
  }
  context_.slow->answered(*client->database, context_.requests[index]);
  apply(*client, answer.change);
  context_.monitors->answered(*client, context_.requests[index]);
  const bool other_links =
      (answer.protocol != 0 && answer.protocol != client->protocol) ||
      (answer.user >= 0 && static_cast<std::uint16_t>(answer.user) != client->user);
  if (other_links && client->session && client->session->bound) {
    context_.leases->drop_all(*client);
    context_.tracking->links_dropped(*client);
  }
  if (answer.protocol != 0) client->protocol = answer.protocol;
  if (answer.renames) {
    if (!client->names) client->names = std::make_unique<ClientNames>();
    client->names->name = answer.name;
  }
  if (answer.user >= 0 &&
      static_cast<std::size_t>(answer.user) < client->database->settings->users.size()) {
    client->user = static_cast<std::uint16_t>(answer.user);
    client->special =
        static_cast<std::uint16_t>(client->special & ~(kSpecialUnauthenticated | kSpecialOtherUser));
    if (client->user != client->database->settings->client_user)
      client->special |= kSpecialOtherUser;
  }
  if (answer.notice_kind >= 0) client->notice_kind = static_cast<std::uint8_t>(answer.notice_kind);
  if (answer.watch_slot >= 0)
    context_.transactions->watch(*client, static_cast<std::uint16_t>(answer.watch_slot));
  if (client->session && client->session->transaction &&
      client->session->transaction->asked_unknown) {
    client->session->transaction->asked_unknown = false;
    Transactions::fail(*client);
  }
  if (client->session && client->session->bound)
    client->session->bound->before_next = answer.before_next;
  if (client->session) context_.leases->release_unused(*client);
  if (answer.close_after) {
    context_.requests[index].flags |= kReqCloseAfter;
    client->special |= kSpecialFinished;
  }
  context_.client_io->resume(*client, kSpecialAwaiting);
  context_.replies->deliver_copy(index, answer.reply);
}

void ControlDesk::apply(Client& client, ClientChange change) {
  switch (change) {
    case ClientChange::kNone:
    case ClientChange::kMonitor:
      break;
    case ClientChange::kReset:
      reset_client(context_, client);
      break;
    case ClientChange::kNoEvictOn:
    case ClientChange::kNoEvictOff:
      client.no_evict = change == ClientChange::kNoEvictOn;
      break;
    case ClientChange::kCountsWritesAnew:
      if (client.session && client.session->bound) count_own_writes_anew(client);
      break;
  }
}

void ControlDesk::bind(std::uint32_t client_index, std::uint64_t client_id,
                       const BoundLinks& bound) {
  Client* const client = waiting_client(client_index, client_id);
  if (client != nullptr) context_.tracking->bind(*client, bound);
}

void ControlDesk::dispatch_again(std::uint32_t client_index, std::uint64_t client_id) {
  Client* client = waiting_client(client_index, client_id);
  if (client == nullptr) return;
  // It is the client's only request: taken back, its frame is the beginning of the input again.
  const std::uint32_t index = client->head;
  client->head = client->tail = kNoIndex;
  --client->in_flight;
  auto input = std::make_unique<ClientInput>();
  input->bytes.append(context_.requests[index].owned.get(), context_.requests[index].length);
  if (client->input) input->bytes.append(client->input->bytes.data(), client->input->bytes.size());
  client->input = std::move(input);
  client->unparsed = true;
  context_.release(index);
  if (client->session && client->session->transaction)
    client->session->transaction->asked_unknown = false;
  context_.client_io->resume(*client, kSpecialAwaiting);
}

}  // namespace slotgate
