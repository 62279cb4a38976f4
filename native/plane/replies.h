#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "plane/worker_context.h"

namespace slotgate {

/// Hands replies to requests and keeps them valid until they are sent.
class Replies {
 public:
  explicit Replies(WorkerContext& context) noexcept : context_(context) {}

  /// The reply of an ordinary request: `data` lies in this turn's chunks.
  void deliver(std::uint32_t index, const std::uint8_t* data, std::size_t size) {
    Request& request = context_.requests[index];
    if (request.client == kNoIndex) {
      discard(index);
      return;
    }
    request.reply = data;
    request.reply_size = static_cast<std::uint32_t>(size);
    request.state = RequestState::kDone;
    request.flags |= kReqInArena;
    Client& client = context_.clients[request.client];
    if (client.head == index) {
      mark_dirty(client);
    } else {
      in_arena_.push_back(index);
    }
  }

  /// A reply that is the request's own; `size` bytes of `data`.
  void deliver_owned(std::uint32_t index, RequestBytes data, std::size_t size);
  /// A reply that lives for ever, or as long as the command table the client parses with.
  void deliver_static(std::uint32_t index, std::string_view text);
  /// A copy of `text`.
  void deliver_copy(std::uint32_t index, std::string_view text);
  /// A reply in the chunks that waits for others (a part of a split request).
  void keep_until_turn_ends(std::uint32_t index) { in_arena_.push_back(index); }

  /// The request was the last holder of its place: nobody waits for the reply.
  void discard(std::uint32_t index);

  /// Puts the client on the list of those to flush in this turn.
  void mark_dirty(Client& client) {
    if (client.dirty) return;
    client.dirty = true;
    dirty_.push_back(client.index);
  }
  [[nodiscard]] std::vector<std::uint32_t>& dirty() noexcept { return dirty_; }

  /// End of the turn: replies that are still waiting get memory of their own.
  void copy_out_of_arena();

 private:
  void finish(std::uint32_t index);

  WorkerContext& context_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> in_arena_;
};

}  // namespace slotgate
