#pragma once

#include <cstdint>

#include "core/command_table.h"
#include "plane/worker_context.h"

namespace slotgate {

/// CLIENT PAUSE in one worker. Requests of a paused database are not taken: they stay where they
/// are, and when that is full, their clients are not read.
class ClientPause {
 public:
  explicit ClientPause(WorkerContext& context) noexcept : context_(context) {}

  /// Pauses for `duration_ms`: all requests, or those that may write. A pause that is there already
  /// gets neither shorter nor weaker.
  void begin(Database& database, std::uint64_t duration_ms, bool all);
  void end(Database& database);

  /// True if the request must wait: the client is marked, and resumed when the pause is over.
  [[nodiscard]] bool holds(Client& client, const Command& command);
  /// The peer has finished: what it sent and is paused would be executed for nobody.
  void forget(Client& client);

  [[nodiscard]] std::uint64_t next_due_ms() const noexcept { return next_due_ms_; }
  /// Ends the pauses whose time is over.
  void run_due();

 private:
  void find_next_due() noexcept;

  WorkerContext& context_;
  std::uint64_t next_due_ms_ = UINT64_MAX;
};

}  // namespace slotgate
