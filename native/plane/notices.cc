#include "plane/notices.h"

#include <algorithm>

#include "plane/clients.h"

namespace slotgate {

void Notices::start(std::shared_ptr<const Notice> notice) {
  running_.push_back({std::move(notice), 0});
}

void Notices::run_slice() {
  Running& running = running_.front();
  const Notice& notice = *running.notice;
  const std::uint32_t end = std::min(context_.clients.extent(), running.next + kLooksPerSlice);
  for (; running.next < end && !context_.client_io->is_pushing_much(); ++running.next) {
    Client& client = context_.clients[running.next];
    if (client.id == 0 || client.closing || client.protocol != 3) continue;
    if (client.notice_kind == 0 || client.notice_kind != notice.kind) continue;
    // A subscriber would take the notice for an end of its subscriptions.
    if (client.session && client.session->subscriptions) continue;
    if (!Clients::is_of(client, notice.to)) continue;
    context_.client_io->push(client, notice.frame);
    context_.counters->notices.add();
  }
  if (running.next >= context_.clients.extent()) running_.pop_front();
}

}  // namespace slotgate
