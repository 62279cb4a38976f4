#include "plane/client_reset.h"

#include "plane/leases.h"
#include "plane/monitors.h"
#include "plane/pubsub.h"
#include "plane/tracking.h"
#include "plane/transactions.h"

namespace slotgate {

void reset_client(WorkerContext& context, Client& client) {
  const DatabaseSettings& settings = *client.database->settings;
  client.user = settings.client_user;
  client.special =
      static_cast<std::uint16_t>(client.special & ~(kSpecialUnauthenticated | kSpecialOtherUser));
  if (settings.client_must_authenticate) client.special |= kSpecialUnauthenticated;
  client.must_log_in_since_ms = context.now_ms;
  client.protocol = 2;
  if (client.names) client.names->name.clear();
  client.no_evict = false;
  client.notice_kind = 0;
  if (client.session && client.session->monitoring) context.monitors->end(client);
  context.pubsub->forget(client);
  context.transactions->forget(client);
  context.tracking->forget(client);
  if (client.session) context.leases->drop_all(client);
  Leases::end_session_if_idle(client);
  if (client.reply_mode == ReplyMode::kOff) {
    // Replies are on again, and the first one is that to RESET.
    client.reply_mode = ReplyMode::kOn;
    std::uint16_t& flags = context.requests[client.head].flags;
    flags = static_cast<std::uint16_t>(flags & ~kReqSilent);
  }
}

}  // namespace slotgate
