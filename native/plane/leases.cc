#include "plane/leases.h"

#include <algorithm>

#include "plane/errands.h"
#include "plane/links.h"
#include "plane/own_writes.h"
#include "plane/tracking.h"

namespace slotgate {

ClientSession& Leases::session_of(Client& client) {
  if (!client.session) {
    client.session = std::make_unique<ClientSession>();
    client.special |= kSpecialSession;
  }
  return *client.session;
}

void Leases::end_session_if_idle(Client& client) {
  if (!client.session || !client.session->idle()) return;
  client.session.reset();
  client.special = static_cast<std::uint16_t>(client.special & ~kSpecialSession);
}

Link* Leases::held(const Client& client, const Server& server) {
  for (Link* const link : client.session->leases) {
    if (link->server == &server && link->user == client.user && link->protocol == client.protocol)
      return link;
  }
  return nullptr;
}

Link* Leases::lease(Client& client, Server& server) {
  ClientSession& session = session_of(client);
  if (Link* const link = held(client, server)) return session.latest = link;
  Link* const link = context_.links->borrow(*client.database, server, client.user, client.protocol);
  if (link == nullptr) return nullptr;
  link->borrower = client.index;
  link->leased = true;
  session.leases.push_back(link);
  return session.latest = link;
}

void Leases::take_out(Client& client, const Link& link) {
  ClientSession& session = *client.session;
  if (session.bound) lose_own_writes(client, *link.server);
  std::erase(session.leases, &link);
  if (session.latest == &link) session.latest = nullptr;
  if (session.watch_link == &link) {
    session.watch_link = nullptr;
    session.watch_broken = session.watching;
  }
}

void Leases::release(Client& client, Link& link) {
  if (link.located || link.unidentified) {
    // Whoever was told may unblock it yet: not the next client's command. And a server that did not
    // tell who it is, is trusted with nothing else.
    drop(client, link);
    return;
  }
  take_out(client, link);
  link.leased = link.bound = false;
  link.borrower = kNoIndex;
  context_.errands->link_returned();
}

void Leases::release_unused(Client& client) {
  if (client.session->bound) return;
  const std::vector<Link*> leases = client.session->leases;
  for (Link* const link : leases) {
    if (link != client.session->watch_link && link->in_flight.empty()) release(client, *link);
  }
  end_session_if_idle(client);
}

void Leases::drop(Client& client, Link& link, std::uint32_t index) {
  take_out(client, link);
  link.leased = false;
  context_.links->abandon(link, index);
  context_.errands->link_returned();
}

void Leases::drop_all(Client& client) {
  while (!client.session->leases.empty()) drop(client, *client.session->leases.back());
}

void Leases::link_gone(Link& link) {
  Client& client = context_.clients[link.borrower];
  take_out(client, link);
  context_.tracking->links_dropped(client);
  link.leased = false;
  link.borrower = kNoIndex;
  context_.errands->link_returned();
}

}  // namespace slotgate
