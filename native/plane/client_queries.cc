#include "plane/client_queries.h"

#include <algorithm>

#include "plane/client_address.h"
#include "plane/client_bytes.h"
#include "plane/clients.h"

namespace slotgate {

namespace {

/// Clients that are described in one turn.
constexpr std::size_t kRecordsPerSlice = 1000;

}  // namespace

void ClientQueries::start(ClientQuery query) { running_.push_back({std::move(query), 0}); }

void ClientQueries::run_slice() {
  Running running = std::move(running_.front());
  running_.pop_front();
  if (!take_slice(running)) running_.push_back(std::move(running));
}

bool ClientQueries::take_slice(Running& running) {
  const ClientQuery& query = running.query;
  const std::uint32_t end = std::min(context_.clients.extent(), running.next + kLooksPerSlice);
  QueryReport report;
  report.number = query.number;
  for (; running.next < end && report.records.size() + report.count < kRecordsPerSlice;
       ++running.next) {
    Client& client = context_.clients[running.next];
    if (client.id == 0 || client.closing || client.database->id != query.database) continue;
    if (query.deleted_user >= 0) {
      if (client.user != query.deleted_user) continue;
      context_.client_io->close(client);
      context_.counters->deleted_user_closed.add();
      ++report.count;
      continue;
    }
    if (!query.ids.empty() && !std::binary_search(query.ids.begin(), query.ids.end(), client.id)) {
      continue;
    }
    report.records.push_back(describe(client));
  }
  report.done = running.next >= context_.clients.extent();
  context_.up.reports.push_back(std::move(report));
  return context_.up.reports.back().done;
}

ClientRecord ClientQueries::describe(const Client& client) const {
  ClientRecord record;
  record.id = client.id;
  record.index = client.index;
  record.fd = client.fd;
  record.address = client_address(client);
  record.local_address = client_local_address(client);
  record.unix_socket = is_at_unix_socket(client);
  if (client.names) {
    record.name = client.names->name;
    record.library = client.names->library;
    record.library_version = client.names->library_version;
  }
  record.age_ms = context_.now_ms - client.connected_at_ms;
  record.idle_ms = context_.now_ms - client.last_read_ms;
  record.user = client.user;
  record.presentation = client.audience->number();
  record.protocol = client.protocol;
  record.row = client.last_command == kNoCommand ? -1 : client.last_command;
  const ByteBuffer* input = client.input ? &client.input->bytes : nullptr;
  if (input != nullptr) {
    record.input_bytes = input->size();
    record.input_room = input->room();
  }
  record.output_bytes = client.output ? client.output->size() : 0;
  record.memory =
      sizeof(Client) + client_bytes(context_, client).all() + client.in_flight * sizeof(Request);
  record.blocked = client.postponed;
  if (client.session) {
    const ClientSession& session = *client.session;
    record.monitoring = session.monitoring;
    record.blocked = record.blocked || session.blocked;
    record.watch_broken = session.watch_broken;
    if (session.transaction) {
      record.queued = static_cast<std::int32_t>(session.transaction->commands);
      record.queued_bytes = session.transaction->frames.size();
    }
  }
  record.no_evict = client.no_evict;
  if (client.session && client.session->subscriptions) {
    const Subscriptions& own = *client.session->subscriptions;
    record.channels = own.count(PubSubFamily::kChannel);
    record.patterns = own.count(PubSubFamily::kPattern);
    record.shard_channels = own.count(PubSubFamily::kShard);
  }
  record.reading = client.watcher.reading();
  record.writing = client.watcher.writing();
  record.closing = (client.special & kSpecialFinished) != 0 || client.close_when_sent;
  return record;
}

}  // namespace slotgate
