#include "plane/monitors.h"

#include <algorithm>
#include <chrono>

#include "plane/clients.h"
#include "plane/leases.h"
#include "plane/monitor_line.h"
#include "plane/shown_name.h"
#include "plane/socket.h"
#include "plane/worker.h"

namespace slotgate {

namespace {

/// One worker counts, then the next; the last one reports to the monitor's own.
void pass_on(Worker& worker, std::uint32_t database, std::uint32_t home, int change,
             std::uint64_t client_id) {
  WorkerContext& context = worker.context();
  context.monitors->count(database, home, change);
  const std::uint32_t next = context.worker + 1;
  if (next < context.workers) {
    context.post(next, [=](Worker& other) { pass_on(other, database, home, change, client_id); });
  } else if (change > 0) {
    context.post(home, [=](Worker& other) { other.context().monitors->announced(client_id); });
  }
}

std::uint64_t microseconds_now() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

void Monitors::tell(std::uint32_t database, int change, std::uint64_t client_id) {
  const std::uint32_t home = context_.worker;
  context_.post(0, [=](Worker& worker) { pass_on(worker, database, home, change, client_id); });
}

void Monitors::begin(Client& client, const ControlAnswer& answer) {
  Leases::session_of(client).monitoring = true;
  Beginning& beginning = beginning_[client.id];
  beginning.client = client.index;
  beginning.answer = answer;
  beginning.answer.change = ClientChange::kNone;
  tell(client.database->id, 1, client.id);
}

void Monitors::announced(std::uint64_t client_id) {
  const auto found = beginning_.find(client_id);
  if (found == beginning_.end()) return;
  const Beginning beginning = std::move(found->second);
  beginning_.erase(found);
  Client* client = context_.client_io->find(beginning.client, client_id);
  if (client == nullptr) return;
  watched_[client->database->id].clients.push_back(client->index);
  context_.control->answer(beginning.client, client_id, beginning.answer);
}

void Monitors::end(Client& client) {
  client.session->monitoring = false;
  beginning_.erase(client.id);
  std::erase(watched_[client.database->id].clients, client.index);
  tell(client.database->id, -1, client.id);
}

void Monitors::count(std::uint32_t id, std::uint32_t home, int change) {
  Watched& watched = watched_[id];
  watched.monitors_of_worker.resize(context_.workers);
  watched.monitors_of_worker[home] += static_cast<std::uint32_t>(change);
  const bool any = std::any_of(watched.monitors_of_worker.begin(), watched.monitors_of_worker.end(),
                               [](auto n) { return n != 0; });
  for (const auto& database : context_.databases) {
    if (database->id != id) continue;
    database->attention =
        static_cast<std::uint8_t>(any ? database->attention | kAttentionMonitored
                                      : database->attention & ~kAttentionMonitored);
  }
}

void Monitors::show(const Client& client, const Command& command, Bytes frame,
                    const std::vector<Arg>& args) {
  if ((command.flags & kFlagUnmonitored) != 0) return;
  append_monitor_line(watched_[client.database->id].lines, microseconds_now(),
                      monitor_address(client), shown_name(command, frame, args[0]), frame, args,
                      (command.flags & kFlagSecret) != 0);
}

void Monitors::answered(const Client& client, const Request& request) {
  const Database& database = *client.database;
  const bool is_known = client.last_command == request.command;
  if ((database.attention & kAttentionMonitored) == 0 || !is_known) return;
  const Command& command = database.commands->at(request.command);
  if (command.route != RouteBy::kControl) return;  // shown when it came
  framer_.reset();
  const Bytes frame{request.owned.get(), request.length};
  if (framer_.next(frame.data, frame.size, database.limits().request) == FrameStatus::kComplete)
    show(client, command, framer_.frame(), framer_.args());
}

void Monitors::send_lines() {
  for (auto& [id, watched] : watched_) {
    if (watched.lines.empty()) continue;
    const auto lines = std::make_shared<const std::string>(std::move(watched.lines));
    watched.lines.clear();
    for (std::uint32_t worker = 0; worker < watched.monitors_of_worker.size(); ++worker) {
      if (watched.monitors_of_worker[worker] == 0) continue;
      if (worker == context_.worker) {
        take_lines(id, *lines);
      } else {
        context_.post(worker, [database = id, lines](Worker& other) {
          other.context().monitors->take_lines(database, *lines);
        });
      }
    }
  }
}

void Monitors::take_lines(std::uint32_t database, std::string_view lines) {
  // Pushing may close a client, which takes it from the list.
  const std::vector<std::uint32_t> clients = watched_[database].clients;
  for (const std::uint32_t index : clients) {
    Client& client = context_.clients[index];
    if (!client.closing) context_.client_io->push(client, lines);
  }
}

}  // namespace slotgate
