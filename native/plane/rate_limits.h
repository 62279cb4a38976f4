#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "plane/address_book.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Keeps clients to the rates that PlaneLimits gives them: who is over is not read for a while. No
/// clock is read and no timer kept per client: what was used is settled after each read.
class RateLimits {
 public:
  RateLimits(WorkerContext& context, AddressBook& addresses) noexcept
      : context_(context), addresses_(addresses) {}

  /// Whether another connection of this address may be served now; counts it, if so.
  [[nodiscard]] bool admits(const Database& database, const std::optional<IpAddress>& ip);
  /// Gives a client what it needs to be limited, if it is.
  void begin(Client& client);
  /// The clients of the database begin anew, by other rates.
  void rates_changed(const Database& database);

  /// Commands of the client that may be taken now, at most `most`.
  [[nodiscard]] std::uint32_t commands_now(Client& client, std::uint32_t most);
  void took(Client& client, std::uint32_t commands);
  /// So many bytes were received from the client, or sent to it.
  void moved(Client& client, std::size_t bytes);
  /// Requests of the client are left over: it waits, unless its rates allow another one.
  void wait_if_over(Client& client);

  /// Lets go on whose time has come.
  void run_due();
  /// When run_due() has something to do; UINT64_MAX: never.
  [[nodiscard]] std::uint64_t next_due_ms() const noexcept {
    return waiting_.empty() ? UINT64_MAX : waiting_.top().at_ms;
  }

 private:
  struct Waiting {
    std::uint64_t at_ms = 0;
    std::uint64_t client = 0;  ///< its id
    std::uint32_t index = 0;
    bool operator>(const Waiting& other) const noexcept { return at_ms > other.at_ms; }
  };

  [[nodiscard]] bool has_bytes(const Client& client) const noexcept;
  [[nodiscard]] std::uint64_t ready_at_ms(Client& client);
  /// The client goes on when its rates allow it.
  void wait(Client& client);

  WorkerContext& context_;
  AddressBook& addresses_;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting_;
};

}  // namespace slotgate
