// Links whose replies a client does not take: when they are not read, and for how long.
#include "plane/clients.h"
#include "plane/links.h"
#include "plane/memory_guard.h"
#include "plane/redirector.h"
#include "plane/tracking.h"

namespace slotgate {

std::size_t Links::pause_at(const Client& client) {
  if (client.stopped_at_ms != 0) return kOutputBacklogBytes;
  return std::min(kPauseLinkBytes, client.database->limits().client_output_bytes_max / 2);
}

bool Links::others_wait(Link& link, const Client& client) {
  // The youngest first: among them the others are found soonest.
  for (std::uint32_t i = link.in_flight.size(); i > 1; --i) {
    const std::uint32_t other = context_.requests[link.in_flight.at(i - 1)].client;
    if (other == kNoIndex || other == client.index) continue;
    const auto& output = context_.clients[other].output;
    if (!output || output->size() <= kOutputBacklogBytes) return true;
  }
  return false;
}

void Links::wait_for(Link& link, Client& client) {
  if (link.paused_for != kNoIndex) return;
  retire(link);
  if (!others_wait(link, client)) {
    pause(link, client);
  } else if (client.stopped_at_ms != 0) {
    if (context_.now_ms - link.retired_at_ms < kOthersWaitMs) {
      pause(link, client);
    } else {
      context_.memory->close(client);
    }
  }
}

void Links::pause(Link& link, Client& client) {
  link.paused_for = client.index;
  link.paused_at_ms = context_.now_ms;
  client.paused = &link;
  link.watcher.watch(false, link.watcher.writing());
}

void Links::read_on(Link& link) {
  if (link.state == LinkState::kClosed || link.paused_for == kNoIndex) return;
  context_.clients[link.paused_for].paused = nullptr;
  link.paused_for = kNoIndex;
  link.owed_since_ms = context_.now_ms;
  link.watcher.watch(true, link.watcher.writing());
}

void Links::retire(Link& link) {
  if (link.retired || link.kind == LinkKind::kPrivate) return;
  link.retired = true;
  link.retired_at_ms = context_.now_ms;
  hide(link);
  // Behind a read there is nothing that has to keep the order: see Readers::must_wait.
  if (link.kind != LinkKind::kReader) {
    context_.redirector->fence_all(link);
    context_.tracking->sink_lost(link);
  }
  // It will have no room for anybody: who waits for some takes the next link.
  std::vector<std::uint32_t> stalled;
  stalled.swap(link.stalled);
  for (const std::uint32_t index : stalled) context_.client_io->resume_stalled(index);
}

void Links::drop_unwanted() {
  for (const auto& database : context_.databases) {
    for (const auto& server : database->servers) {
      for (const auto& link : server->links) {
        if (!link->usable() || link->partial.size() < kStreamReplyBytes ||
            link->in_flight.empty()) {
          continue;
        }
        if (context_.requests[link->in_flight.front()].client == kNoIndex)
          forward_head(*link, link->partial);
      }
    }
  }
}

}  // namespace slotgate
