#include "plane/tracking.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/leases.h"
#include "plane/links.h"
#include "plane/own_writes.h"
#include "plane/reply_text.h"
#include "plane/subscriptions.h"
#include "plane/worker.h"

namespace slotgate {

namespace {

constexpr std::string_view kInvalidate = ">2\r\n$10\r\ninvalidate\r\n";
constexpr std::string_view kInvalidateAll = ">2\r\n$10\r\ninvalidate\r\n_\r\n";
constexpr std::string_view kMessage = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";
constexpr std::string_view kTargetGone = ">2\r\n$20\r\ntracking-redir-broken\r\n:";
constexpr std::string_view kNull = "_\r\n";

std::string frame_of(const std::vector<std::string>& words) {
  std::string frame = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) frame += bulk_reply(word);
  return frame;
}

BoundLinks* bound_of(Client& client) noexcept {
  return client.session ? client.session->bound.get() : nullptr;
}

}  // namespace

void Tracking::bind(Client& client, BoundLinks bound) {
  ClientSession& session = Leases::session_of(client);
  const bool ends = bound.setup.empty();
  std::erase(clients_, client.index);
  if (session.bound && ends) end_own_writes(client);
  if (!session.bound && !ends) begin_own_writes(client);
  const std::vector<std::vector<std::string>> teardown = std::move(bound.teardown);
  session.bound = ends ? nullptr : std::make_unique<BoundLinks>(std::move(bound));
  for (Link* const link : std::vector<Link*>(session.leases)) {
    for (const auto& words : teardown) context_.links->send_internal(*link, frame_of(words));
    if (ends) {
      if (link != session.watch_link) context_.leases->release(client, *link);
      continue;
    }
    Link* const sink = sink_of(client, *link->server);
    if (session.bound->target_word >= 0 && sink == nullptr) {
      context_.leases->drop(client, *link);
    } else {
      set_up(client, *link, sink, true);
    }
  }
  if (!ends) clients_.push_back(client.index);
  count_clients();
  if (ends) {
    Leases::end_session_if_idle(client);
    return;
  }
  if (session.bound->everywhere) open_everywhere(client);
  session.bound->settled = true;
}

void Tracking::count_clients() { context_.counters->bound_clients.set(clients_.size()); }

Link* Tracking::sink_of(Client& client, Server& server) {
  if (client.session->bound->target_word < 0) return nullptr;
  Link* const sink = context_.links->shared_link(*client.database, server, client.user, 3);
  const bool ready = sink != nullptr && sink->state == LinkState::kReady && !sink->retired;
  return ready && sink->server_client_id != 0 ? sink : nullptr;
}

void Tracking::set_up(Client& client, Link& link, const Link* sink, bool again) {
  const BoundLinks& bound = *client.session->bound;
  for (std::size_t i = 0; i < bound.setup.size(); ++i) {
    std::vector<std::string> words = bound.setup[i];
    if (sink != nullptr && i + 1 == bound.setup.size())
      words[static_cast<std::size_t>(bound.target_word)] = std::to_string(sink->server_client_id);
    context_.links->send_internal(link, frame_of(words));
  }
  link.bound = true;
  // What was changed there before this link, nobody was told of.
  if (!again && bound.everywhere && bound.settled) invalidate_all(client);
}

Link* Tracking::link_for(Client& client, Server& server) {
  Link* const sink = sink_of(client, server);
  if (client.session->bound->target_word >= 0 && sink == nullptr) return nullptr;
  Link* const link = context_.leases->lease(client, server);
  if (link == nullptr) return nullptr;
  if (!link->bound) set_up(client, *link, sink, false);
  send_before_next(*link);
  return link;
}

void Tracking::command_started(Client& client) noexcept {
  if (BoundLinks* const bound = bound_of(client)) bound->before_next.clear();
}

void Tracking::send_before_next(Link& link) {
  const BoundLinks* const bound = bound_of(context_.clients[link.borrower]);
  if (bound != nullptr && !bound->before_next.empty())
    context_.links->send_internal(link, bound->before_next);
}

void Tracking::sent_late(Client& client, std::uint32_t index) {
  BoundLinks* const bound = bound_of(client);
  if (bound != nullptr && bound->tracks && bound->by_choice)
    bound->behind.push_back({index, std::string(kInvalidateAll)});
}

void Tracking::pushed(Link& link, std::string_view frame) {
  if (!frame.starts_with(kInvalidate)) return;
  if (link.leased) {
    Client& client = context_.clients[link.borrower];
    const BoundLinks* const bound = bound_of(client);
    if (bound != nullptr && bound->tracks) invalidate(client, frame);
    return;
  }
  const std::string_view keys = frame.substr(kInvalidate.size());
  for (const std::uint32_t index : std::vector<std::uint32_t>(clients_)) {
    Client& client = context_.clients[index];
    const bool hears = client.session->bound->target_word >= 0 && client.user == link.user &&
                       client.database == link.database &&
                       Leases::held(client, *link.server) != nullptr;
    if (hears) tell_target(client, keys);
  }
}

void Tracking::invalidate(Client& client, std::string_view frame) {
  // Behind the youngest request of which a reply is here already: it may be what the client is to
  // forget. Requests that are not answered yet will be answered with what is there now.
  std::uint32_t youngest = kNoIndex;
  for (std::uint32_t index = client.head; index != kNoIndex;
       index = context_.requests[index].next) {
    const RequestState state = context_.requests[index].state;
    if (state == RequestState::kDone || state == RequestState::kJoining) youngest = index;
  }
  if (youngest == kNoIndex) {
    context_.client_io->push(client, frame);
  } else {
    client.session->bound->behind.push_back({youngest, std::string(frame)});
  }
}

void Tracking::invalidate_all(Client& client) {
  BoundLinks* const bound = bound_of(client);
  if (bound == nullptr || !bound->tracks || client.closing) return;
  // Now, and once more for what is still on its way.
  const bool expects =
      client.tail != kNoIndex && context_.requests[client.tail].state != RequestState::kControl;
  if (expects) bound->behind.push_back({client.tail, std::string(kInvalidateAll)});
  if (bound->target_word >= 0) {
    tell_target(client, kNull);
  } else {
    invalidate(client, kInvalidateAll);
  }
}

std::string Tracking::take_behind(Client& client, std::uint32_t index) {
  std::string frames;
  BoundLinks* const bound = bound_of(client);
  if (bound == nullptr || bound->behind.empty()) return frames;
  bool tells_target = false;
  std::erase_if(bound->behind, [&](const WaitingInvalidation& waiting) {
    if (waiting.request != index) return false;
    if (bound->target_word >= 0) {
      tells_target = true;
    } else {
      frames += waiting.frame;
    }
    return true;
  });
  if (tells_target) tell_target(client, kNull);
  return frames;
}

void Tracking::tell_target(Client& client, std::string_view keys) {
  const InvalidationTarget from{client.id, client.index};
  const InvalidationTarget target = client.session->bound->target;
  const auto worker = static_cast<std::uint32_t>(target.client_id % 256);
  if (worker == context_.worker) {
    tell(target, std::string(keys), from);
    return;
  }
  context_.post(worker, [target, from, keys = std::string(keys)](Worker& other) {
    other.tracking().tell(target, keys, from);
  });
}

void Tracking::tell(InvalidationTarget target, const std::string& keys, InvalidationTarget from) {
  Client* const client = context_.client_io->find(target.client_index, target.client_id);
  if (client == nullptr) {
    const auto worker = static_cast<std::uint32_t>(from.client_id % 256);
    if (worker == context_.worker) {
      target_gone(from);
    } else {
      context_.post(worker, [from](Worker& other) { other.tracking().target_gone(from); });
    }
    return;
  }
  if (client->protocol == 3) {
    context_.client_io->push(*client, std::string(kInvalidate) + keys);
  } else if (client->session && client->session->subscriptions &&
             client->session->subscriptions->any()) {
    context_.client_io->push(*client, std::string(kMessage) + (keys == kNull ? "*-1\r\n" : keys));
  }
}

void Tracking::target_gone(InvalidationTarget from) {
  Client* const client = context_.client_io->find(from.client_index, from.client_id);
  BoundLinks* const bound = client == nullptr ? nullptr : bound_of(*client);
  if (bound == nullptr || bound->target_word < 0 || bound->target_gone) return;
  bound->target_gone = true;
  if (client->protocol == 3) {
    context_.client_io->push(
        *client, std::string(kTargetGone) + std::to_string(bound->target.client_id) + "\r\n");
  }
}

void Tracking::links_dropped(Client& client) { invalidate_all(client); }

void Tracking::sink_lost(const Link& link) {
  if (link.lane != Lane::kUsual) return;  // no sink
  for (const std::uint32_t index : std::vector<std::uint32_t>(clients_)) {
    Client& client = context_.clients[index];
    const bool heard = client.session->bound->target_word >= 0 && client.user == link.user &&
                       client.database == link.database &&
                       Leases::held(client, *link.server) != nullptr;
    if (!heard) continue;
    // Set up anew, with another link to be told over, before the next request.
    for (Link* const lease : client.session->leases) {
      if (lease->server == link.server) lease->bound = false;
    }
    invalidate_all(client);
  }
}

void Tracking::slot_left(const Database& database, std::uint16_t server) {
  for (const std::uint32_t index : std::vector<std::uint32_t>(clients_)) {
    Client& client = context_.clients[index];
    if (client.database == &database && Leases::held(client, *database.servers[server]) != nullptr)
      invalidate_all(client);
  }
}

void Tracking::demoted(const Database& database, const Server& server) {
  for (const std::uint32_t index : clients_) {
    Client& client = context_.clients[index];
    if (client.database == &database) lose_own_writes(client, server);
  }
}

void Tracking::open_everywhere(Client& client) {
  Database& database = *client.database;
  std::vector<bool> asked(database.servers.size(), false);
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
    const std::uint16_t owner = database.slots.owner(static_cast<std::uint16_t>(slot));
    if (owner == SlotMap::kUnassigned || asked[owner]) continue;
    asked[owner] = true;
    if (Leases::held(client, *database.servers[owner]) == nullptr)
      (void)link_for(client, *database.servers[owner]);
  }
}

void Tracking::tick() {
  for (const std::uint32_t index : std::vector<std::uint32_t>(clients_)) {
    Client& client = context_.clients[index];
    if (client.session->bound->everywhere) open_everywhere(client);
  }
}

void Tracking::forget(Client& client) {
  if (bound_of(client) == nullptr) return;
  std::erase(clients_, client.index);
  count_clients();
  end_own_writes(client);
  client.session->bound.reset();
}

}  // namespace slotgate
