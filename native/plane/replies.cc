#include "plane/replies.h"

#include <cstring>

#include "plane/joiner.h"
#include "plane/write_retries.h"

namespace slotgate {

void Replies::finish(std::uint32_t index) {
  Request& request = context_.requests[index];
  request.state = RequestState::kDone;
  request.flags = static_cast<std::uint16_t>(request.flags & ~kReqInArena);
  if ((request.flags & kReqFragment) != 0) {
    context_.joiner->part_done(index);
    return;
  }
  if (request.client == kNoIndex) {
    discard(index);
    return;
  }
  Client& client = context_.clients[request.client];
  if (client.head == index) mark_dirty(client);
}

void Replies::deliver_owned(std::uint32_t index, RequestBytes data, std::size_t size) {
  Request& request = context_.requests[index];
  request.owned = std::move(data);
  request.reply = request.owned.get();
  request.reply_size = static_cast<std::uint32_t>(size);
  finish(index);
}

void Replies::deliver_static(std::uint32_t index, std::string_view text) {
  Request& request = context_.requests[index];
  request.owned.reset();
  request.reply = reinterpret_cast<const std::uint8_t*>(text.data());
  request.reply_size = static_cast<std::uint32_t>(text.size());
  finish(index);
}

void Replies::deliver_copy(std::uint32_t index, std::string_view text) {
  std::string told;
  if (WriteRetries::concerns(context_.requests[index]) && text.starts_with('-')) [[unlikely]] {
    told = context_.retries->told(index, text);
    text = told;
  }
  auto copy = request_bytes(text.size());
  std::memcpy(copy.get(), text.data(), text.size());
  deliver_owned(index, std::move(copy), text.size());
}

void Replies::discard(std::uint32_t index) {
  context_.counters->discarded_replies.add();
  if ((context_.requests[index].flags & kReqFragment) != 0) {
    context_.joiner->part_dropped(index);
    return;
  }
  context_.release(index);
}

void Replies::copy_out_of_arena() {
  for (const std::uint32_t index : in_arena_) {
    Request& request = context_.requests[index];
    if (request.state != RequestState::kDone || (request.flags & kReqInArena) == 0) continue;
    auto copy = request_bytes(request.reply_size);
    std::memcpy(copy.get(), request.reply, request.reply_size);
    request.owned = std::move(copy);
    request.reply = request.owned.get();
    request.flags = static_cast<std::uint16_t>(request.flags & ~kReqInArena);
  }
  in_arena_.clear();
}

}  // namespace slotgate
