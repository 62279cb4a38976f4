// Which of the shared links a request takes.
#include "plane/lanes.h"

#include <algorithm>

#include "plane/links.h"
#include "plane/tracking.h"

namespace slotgate {

void Lanes::begin(Client& client) noexcept {
  client.lane = Lane::kUnproven;
  client.special |= kSpecialLane;
  client.asked = false;
  client.links_before = 0;
  client.window = 1;
}

Link* Lanes::link_for(Client& client, Server& server) {
  client.asked = true;
  Database& database = *client.database;
  // The usual one comes first where there is little room: it is the only one that is needed.
  Link* const usual = context_.links->shared_link(database, server, client.user, client.protocol);
  Link* const link = context_.links->lane_link(database, server, client.user, client.protocol,
                                               client.lane, client.links_before);
  if (link != nullptr) return link;
  // What is on its way to this server is on the usual link from now on: a link that is opened
  // meanwhile must not overtake it.
  if (client.links_before == 0) client.links_before = context_.links->opened_so_far() + 1;
  return usual;
}

void Lanes::sends(Client& client, std::size_t bytes) noexcept {
  if (bytes < kLargeReplyBytes) return;
  const std::size_t known = std::min<std::size_t>(bytes, UINT32_MAX / 2);
  client.size_estimate = std::max(client.size_estimate, static_cast<std::uint32_t>(known));
}

std::uint32_t Lanes::window_most(const Client& client) noexcept {
  const std::size_t by_bytes = kWindowReplyBytes / std::max<std::size_t>(client.size_estimate, 1);
  return static_cast<std::uint32_t>(
      std::clamp<std::size_t>(by_bytes, 1, client.database->limits().in_flight_per_client_max));
}

void Lanes::choose(Client& client) noexcept {
  const bool under_way = client.head != kNoIndex;
  if (!under_way) client.links_before = 0;
  if (client.lane == Lane::kUnproven && !client.asked) return;
  const std::size_t least =
      client.lane == Lane::kLarge ? kSmallAgainBytes : std::size_t{kLargeReplyBytes};
  const Lane fit = client.size_estimate >= least ? Lane::kLarge : Lane::kUsual;
  if (fit == client.lane) return;
  if (under_way) {
    client.special |= kSpecialDraining;
    return;
  }
  client.window = std::min(client.window, window_most(client));
  client.lane = fit;
  client.special = static_cast<std::uint16_t>(fit == Lane::kUsual ? client.special & ~kSpecialLane
                                                                  : client.special | kSpecialLane);
}

Link* Links::find(Server& server, LinkKind kind, Lane lane, std::uint16_t user,
                  std::uint8_t protocol) {
  const auto found = std::find_if(server.links.begin(), server.links.end(), [&](const auto& link) {
    return link->usable() && !link->retired && link->kind == kind && link->lane == lane &&
           link->user == user && link->protocol == protocol;
  });
  return found == server.links.end() ? nullptr : found->get();
}

Link* Links::lane_link(Database& database, Server& server, std::uint16_t user,
                       std::uint8_t protocol, Lane lane, std::uint64_t before) {
  Link* const link = find(server, LinkKind::kShared, lane, user, protocol);
  if (link != nullptr) return before == 0 || link->number < before ? link : nullptr;
  return before == 0 && may_open(database, server, LinkKind::kShared)
             ? open(database, server, LinkKind::kShared, user, protocol, lane)
             : nullptr;
}

Link* Links::present_link(const Client& client, Server& server) {
  if ((client.special & (kSpecialLane | kSpecialOtherUser)) == 0)
    return server.shared[client.protocol];
  return find(server, LinkKind::kShared, client.lane, client.user, client.protocol);
}

Link* Links::other_link(Client& client, Server& server) {
  if (client.session && client.session->bound) return context_.tracking->link_for(client, server);
  if (client.lane != Lane::kUsual) return context_.lanes->link_for(client, server);
  return shared_link(*client.database, server, client.user, client.protocol);
}

}  // namespace slotgate
