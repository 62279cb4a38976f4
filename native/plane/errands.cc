#include "plane/errands.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/control_desk.h"
#include "plane/lanes.h"
#include "plane/leases.h"
#include "plane/links.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// An errand that cannot be sent for so long goes back: the control plane may know a better server.
constexpr std::uint64_t kUnsentMostMs = 500;
/// How long one waits for a private link when all are lent out.
constexpr std::uint64_t kLeaseWaitMs = 1000;

}  // namespace

Server* Errands::find_server(Client& client, const std::string& node_id) {
  for (const auto& server : client.database->servers) {
    if (server->listed && server->entry.node_id == node_id) return server.get();
  }
  return nullptr;
}

void Errands::run(ErrandOrder order) {
  Client* client = context_.control->waiting_client(order.client_index, order.client_id);
  if (client != nullptr && order.blocks && client->peer_finished) {
    // It left before it began to wait: what comes would be taken for nobody.
    context_.client_io->close(*client);
    client = nullptr;
  }
  if (client == nullptr) {
    context_.up.errands.push_back(
        {order.ticket,
         std::vector<ErrandOutcome>(order.nodes.size(), {ErrandOutcome::Kind::kGone, {}})});
    return;
  }
  const std::uint32_t number = next_number_++;
  ClientSession& session = Leases::session_of(*client);
  session.errands.push_back(number);
  session.blocked = session.blocked || order.blocks;
  Errand& errand = errands_[number];
  errand.remaining = order.nodes.size();
  errand.requests.assign(order.nodes.size(), kNoIndex);
  errand.outcomes.resize(order.nodes.size());
  errand.began_ms = context_.now_ms;
  errand.order = std::move(order);
  if (errand.remaining == 0) {
    finish(number);
    return;
  }
  if (waiting_.empty()) {
    exhausted_.clear();
    if (send_parts(number)) return;
    retry_at_ms_ = context_.now_ms + kLinkRetryMs;
  } else {
    // Whoever waits for a link was here before.
    retry_at_ms_ = 0;
  }
  waiting_.push_back(number);
}

bool Errands::send_parts(std::uint32_t number) {
  bool all = true;
  const std::size_t parts = errands_.at(number).order.nodes.size();
  for (std::size_t part = 0; part < parts; ++part) {
    const auto it = errands_.find(number);
    if (it == errands_.end()) return true;  // the last of it was settled at once
    Errand& errand = it->second;
    const bool open = errand.requests[part] == kNoIndex &&
                      errand.outcomes[part].kind == ErrandOutcome::Kind::kPending;
    if (!open) continue;
    Client& client = context_.clients[errand.order.client_index];
    all = send_part(number, errand, part, client) && all;
  }
  return all;
}

bool Errands::send_part(std::uint32_t number, Errand& errand, std::size_t part, Client& client) {
  Server* const server = find_server(client, errand.order.nodes[part]);
  if (server == nullptr) {
    settle(number, part, {ErrandOutcome::Kind::kNotSent, "the server left the cluster"});
    return true;
  }
  Link* const link = takes_private_link(client, errand.order) ? lease(client, *server)
                                                              : shared_link(client, *server);
  if (link == nullptr) return false;
  if (errand.order.to_busy && link->state != LinkState::kReady) link->to_busy = true;
  const std::uint32_t index = context_.requests.take();
  Request& request = context_.requests[index];
  request.client = client.index;
  request.next = kNoIndex;
  request.join = number;
  request.part = static_cast<std::uint16_t>(part);
  request.slot = 0;
  request.command = 0;
  request.flags =
      static_cast<std::uint16_t>(kReqErrand | kReqKeyless | (errand.order.blocks ? kReqWaits : 0) |
                                 (errand.order.writes ? 0 : kReqReadonly));
  request.arrived_ms = context_.turn_stamp();
  request.arrival = context_.next_arrival++;
  request.redirects = 0;
  errand.requests[part] = index;
  if (errand.order.asking) context_.links->send_internal(*link, "*1\r\n$6\r\nASKING\r\n");
  context_.links->send(*link, index, bytes_of(errand.order.frame));
  return true;
}

bool Errands::takes_private_link(const Client& client, const ErrandOrder& order) {
  return order.lease || (order.writes && client.session->bound != nullptr);
}

Link* Errands::shared_link(Client& client, Server& server) {
  if (client.lane != Lane::kUsual) return context_.lanes->link_for(client, server);
  return context_.links->shared_link(*client.database, server, client.user, client.protocol);
}

Link* Errands::lease(Client& client, Server& server) {
  if (client.session->bound) return context_.tracking->link_for(client, server);
  // Thousands may wait for a server's links: one of them finds out that there is none.
  const bool in_vain = std::find(exhausted_.begin(), exhausted_.end(), &server) != exhausted_.end();
  if (in_vain && context_.leases->held(client, server) == nullptr) return nullptr;
  Link* const link = context_.leases->lease(client, server);
  if (link == nullptr) exhausted_.push_back(&server);
  return link;
}

void Errands::settle(std::uint32_t number, std::size_t part, ErrandOutcome outcome) {
  Errand& errand = errands_.at(number);
  errand.requests[part] = kNoIndex;
  errand.outcomes[part] = std::move(outcome);
  if (--errand.remaining == 0) finish(number);
}

void Errands::finish(std::uint32_t number) {
  const auto it = errands_.find(number);
  Errand errand = std::move(it->second);
  errands_.erase(it);
  std::erase(waiting_, number);
  Client& client = context_.clients[errand.order.client_index];
  std::erase(client.session->errands, number);
  if (errand.order.blocks) client.session->blocked = false;
  if (errand.order.lease && !errand.order.keep && !client.closing) {
    give_links_back(client, errand.order);
  }
  context_.up.errands.push_back({errand.order.ticket, std::move(errand.outcomes)});
  if (!client.closing) Leases::end_session_if_idle(client);
}

void Errands::give_links_back(Client& client, const ErrandOrder& order) {
  if (client.session->bound) return;
  const std::vector<Link*> leases = client.session->leases;
  for (Link* const link : leases) {
    const auto& nodes = order.nodes;
    const bool used =
        std::find(nodes.begin(), nodes.end(), link->server->entry.node_id) != nodes.end();
    if (used && link != client.session->watch_link && link->in_flight.empty())
      context_.leases->release(client, *link);
  }
}

void Errands::reply(std::uint32_t index, const std::uint8_t* data, std::size_t size) {
  const bool dropped = unwanted(index, size);
  const Request& request = context_.requests[index];
  const std::uint32_t number = request.join;
  const std::size_t part = request.part;
  context_.release(index);
  if (dropped) {
    context_.counters->discarded_replies.add();
    return;
  }
  settle(number, part,
         {ErrandOutcome::Kind::kReply, std::string(reinterpret_cast<const char*>(data), size)});
}

bool Errands::unwanted(std::uint32_t index, std::size_t size) {
  Request& request = context_.requests[index];
  if (request.client == kNoIndex) return true;
  const std::uint64_t most = errands_.at(request.join).order.reply_bytes_max;
  if (most == 0 || size <= most) return false;
  request.client = kNoIndex;
  settle(request.join, request.part, {ErrandOutcome::Kind::kTooLarge, {}});
  return true;
}

void Errands::link_lost(const Link& link, std::uint32_t index, bool written) {
  const Request& request = context_.requests[index];
  const std::uint32_t client = request.client;
  const std::uint32_t number = request.join;
  const std::size_t part = request.part;
  context_.release(index);
  if (client == kNoIndex) return;
  ErrandOutcome outcome{ErrandOutcome::Kind::kLost, link.server->entry.label};
  if (!written) outcome = {ErrandOutcome::Kind::kNotSent, link.server->last_failure};
  settle(number, part, std::move(outcome));
}

void Errands::client_gone(Client& client) {
  // In flight on a shared link: the reply is dropped when it comes. On a private one: it is closed.
  while (!client.session->errands.empty()) {
    const std::uint32_t number = client.session->errands.back();
    Errand& errand = errands_.at(number);
    for (const std::uint32_t index : errand.requests) {
      if (index != kNoIndex) context_.requests[index].client = kNoIndex;
    }
    for (ErrandOutcome& outcome : errand.outcomes) {
      if (outcome.kind == ErrandOutcome::Kind::kPending) outcome.kind = ErrandOutcome::Kind::kGone;
    }
    finish(number);
  }
}

ErrandOutcome Errands::why_not(Client& client, const Errand& errand, std::size_t part) const {
  const Server* const server = find_server(client, errand.order.nodes[part]);
  const std::size_t most = client.database->limits().private_links_per_server_max;
  const bool is_private = takes_private_link(client, errand.order);
  if (server != nullptr && is_private && context_.links->private_links(*server) >= most) {
    return {ErrandOutcome::Kind::kBusy, "all " + std::to_string(most) + " private links to " +
                                            server->entry.label + " are in use"};
  }
  return {ErrandOutcome::Kind::kNotSent, server == nullptr ? "" : server->last_failure};
}

void Errands::retry() {
  retry_at_ms_ = UINT64_MAX;
  exhausted_.clear();
  const std::deque<std::uint32_t> waiting = waiting_;
  for (const std::uint32_t number : waiting) {
    if (!errands_.contains(number)) continue;
    if (send_parts(number)) {
      std::erase(waiting_, number);
      continue;
    }
    Errand& errand = errands_.at(number);
    Client& client = context_.clients[errand.order.client_index];
    const std::uint64_t waited = context_.now_ms - errand.began_ms;
    for (std::size_t part = 0; part < errand.order.nodes.size(); ++part) {
      const bool open = errand.requests[part] == kNoIndex &&
                        errand.outcomes[part].kind == ErrandOutcome::Kind::kPending;
      if (!open) continue;
      ErrandOutcome outcome = why_not(client, errand, part);
      const bool busy = outcome.kind == ErrandOutcome::Kind::kBusy;
      if (waited < (busy ? kLeaseWaitMs : kUnsentMostMs)) continue;
      const bool last = errand.remaining == 1;
      settle(number, part, std::move(outcome));
      if (last) break;
    }
  }
  if (!waiting_.empty()) retry_at_ms_ = context_.now_ms + kLinkRetryMs;
}

void Errands::locate(std::uint64_t ticket, std::uint32_t client_index, std::uint64_t client_id) {
  std::vector<ErrandOutcome> places{{ErrandOutcome::Kind::kGone, {}}};
  Client* const client = context_.control->waiting_client(client_index, client_id);
  if (client != nullptr && client->session && client->session->blocked) {
    places = locate_blocked(*client, client->session->errands.back());
  }
  context_.up.errands.push_back({ticket, std::move(places)});
}

std::vector<ErrandOutcome> Errands::locate_blocked(Client& client, std::uint32_t number) {
  std::vector<ErrandOutcome> places;
  const std::size_t parts = errands_.at(number).order.nodes.size();
  for (std::size_t part = 0; part < parts; ++part) {
    const auto it = errands_.find(number);
    if (it == errands_.end()) break;  // the last part of it has just ended
    if (it->second.outcomes[part].kind == ErrandOutcome::Kind::kPending)
      places.push_back(locate_part(client, number, part));
  }
  return places;
}

ErrandOutcome Errands::locate_part(Client& client, std::uint32_t number, std::size_t part) {
  const std::uint32_t index = errands_.at(number).requests[part];
  const auto& leases = client.session->leases;
  const auto waits = std::find_if(leases.begin(), leases.end(), [&](const Link* link) {
    return !link->in_flight.empty() && link->in_flight.at(link->in_flight.size() - 1) == index;
  });
  if (waits != leases.end() && (*waits)->state == LinkState::kReady) {
    Link& link = **waits;
    link.located = true;
    return {ErrandOutcome::Kind::kReply,
            link.server->entry.node_id + " " + std::to_string(link.server_client_id)};
  }
  if (waits != leases.end()) {
    // Nothing was sent over it yet, and nothing will be.
    context_.leases->drop(client, **waits);
  }
  settle(number, part, {ErrandOutcome::Kind::kNotSent, "unblocked"});
  return {ErrandOutcome::Kind::kNotSent, {}};
}

}  // namespace slotgate
