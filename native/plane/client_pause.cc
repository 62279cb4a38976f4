#include "plane/client_pause.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/replies.h"

namespace slotgate {

void ClientPause::begin(Database& database, std::uint64_t duration_ms, bool all) {
  const bool paused = (database.attention & kAttentionPaused) != 0;
  const std::uint64_t until = context_.now_ms + std::min(duration_ms, UINT64_MAX / 2);
  database.paused_until_ms = paused ? std::max(database.paused_until_ms, until) : until;
  database.paused_for_all = all || (paused && database.paused_for_all);
  database.attention |= kAttentionPaused;
  find_next_due();
}

void ClientPause::end(Database& database) {
  if ((database.attention & kAttentionPaused) == 0) return;
  database.attention = static_cast<std::uint8_t>(database.attention & ~kAttentionPaused);
  find_next_due();
  context_.client_io->for_each([&](Client& client) {
    if (client.database != &database || !client.postponed) return;
    client.postponed = false;
    context_.client_io->make_ready(client);
  });
}

bool ClientPause::holds(Client& client, const Command& command) {
  const Database& database = *client.database;
  if ((database.attention & kAttentionPaused) == 0) return false;
  if (client.session && client.session->monitoring) return false;
  const bool commits = command.local == LocalAnswer::kExec && client.session &&
                       client.session->transaction && !client.session->transaction->readonly;
  if (!database.paused_for_all && (command.flags & kFlagMayReplicate) == 0 && !commits)
    return false;
  client.postponed = true;
  return true;
}

void ClientPause::forget(Client& client) {
  client.postponed = false;
  client.unparsed = false;
  client.input.reset();
  client.input_done = true;
  client.special |= kSpecialFinished;
  context_.replies->mark_dirty(client);
}

void ClientPause::run_due() {
  for (const auto& database : context_.databases) {
    if (database->paused_until_ms <= context_.now_ms) end(*database);
  }
}

void ClientPause::find_next_due() noexcept {
  next_due_ms_ = UINT64_MAX;
  for (const auto& database : context_.databases) {
    if ((database->attention & kAttentionPaused) != 0)
      next_due_ms_ = std::min(next_due_ms_, database->paused_until_ms);
  }
}

}  // namespace slotgate
