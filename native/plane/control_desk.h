#pragma once

#include <cstdint>
#include <string>

#include "plane/dispatcher.h"
#include "plane/worker_context.h"

namespace slotgate {

/// What an answer may change about its client beside user, protocol and name.
enum class ClientChange : std::uint8_t {
  kNone,
  kReset,  ///< it is as if it had just connected
  kNoEvictOn,
  kNoEvictOff,
  kMonitor,           ///< it is shown what all clients send; it is answered when all workers know
  kCountsWritesAnew,  ///< it knows that it cannot know of earlier ones; see own_writes.h
};

/// What TypeScript answers to a control command, and what it changes about the client.
struct ControlAnswer {
  std::string reply;  ///< wire bytes
  bool close_after = false;
  std::uint8_t protocol = 0;  ///< 2 or 3; 0: as it was
  bool renames = false;
  std::string name;
  std::int32_t user = -1;        ///< the upstream user it is from now on; -1: as it was
  std::int32_t watch_slot = -1;  ///< its lease watches keys of this slot from now on; -1: as it was
  std::int16_t notice_kind = -1;  ///< of maintenance notices for it; 0: none; -1: as it was
  std::string before_next;        ///< a request in wire form; see BoundLinks::before_next
  ClientChange change = ClientChange::kNone;
};

/// Commands that TypeScript answers. The client's place in its order is kept; nothing of it is
/// parsed behind the command until the answer is there.
class ControlDesk {
 public:
  explicit ControlDesk(WorkerContext& context) noexcept : context_(context) {}

  /// Sends the request up, as soon as everything before it is answered. `command` is nullptr for
  /// what the table does not know.
  Dispatched ask(Client& client, const Command* command, Bytes frame, const std::vector<Arg>& args);

  /// Ignored if the client is gone or waits for nothing.
  void answer(std::uint32_t client_index, std::uint64_t client_id, const ControlAnswer& answer);
  /// The command is known now: it is dispatched again, with the table of this moment.
  void dispatch_again(std::uint32_t client_index, std::uint64_t client_id);
  /// See Tracking::bind(). Ignored if the client is gone or waits for nothing.
  void bind(std::uint32_t client_index, std::uint64_t client_id, const BoundLinks& bound);
  /// The client, if it still waits for the answer to a control command; else nullptr.
  [[nodiscard]] Client* waiting_client(std::uint32_t client_index, std::uint64_t client_id);

 private:
  void apply(Client& client, ClientChange change);
  [[nodiscard]] std::int32_t slot_of(const Command& command, Bytes frame,
                                     const std::vector<Arg>& args);

  WorkerContext& context_;
  KeyPositions keys_;
};

}  // namespace slotgate
