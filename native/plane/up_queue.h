#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "plane/client_record.h"

namespace slotgate {

/// A command that TypeScript answers; the client's place in its order is kept below.
struct ControlRequest {
  std::uint64_t client_id = 0;
  std::uint32_t client_index = 0;
  std::uint32_t database = 0;
  std::int32_t row = -1;  ///< index into the command table, -1: unknown command
  std::uint8_t protocol = 2;
  std::uint16_t user = 0;    ///< whom it runs as upstream
  bool must_log_in = false;  ///< it has not logged in, and has to
  bool in_transaction = false;
  std::int32_t slot = kNoKeys;  ///< of its keys, or kNoKeys, kManySlots
  /// Node ids of the servers that the client has written to.
  std::vector<std::string> written;
  /// … over links of its own that it has still, since ClientChange::kCountsWritesAnew.
  std::vector<std::string> own_written;
  bool wrote_elsewhere = false;  ///< … and over others
  static constexpr std::int32_t kNoKeys = -1;
  static constexpr std::int32_t kManySlots = -2;
  std::string connection_state;  ///< see BoundLinks::state
  bool target_gone = false;      ///< see BoundLinks::target_gone
  std::int32_t watch_slot = -1;  ///< slot of the keys it watches; -1: it watches none
  std::vector<std::string> args;
  std::string client_name;
  std::string client_address;
  std::uint16_t presentation = 0;  ///< the number of what the client is shown
  /// Where the client connected to; empty for a unix socket.
  std::string local_address;
};

/// Something the control plane should know.
struct PlaneEvent {
  enum class Kind : std::uint8_t {
    kRedirect,
    kRefused,
    kLinkUp,
    kLinkDown,
    kWrongNode,
    kHandshakeRefused,
    kHolding,
    kLinkSilent,
    kOutOfFiles,
    kCrossSlotAnswered,
    kDatabaseRefused,
    kScriptMissing,
    kReplicaRefused,
    kSlotOpen,
    kHeaderRefused,  ///< `label` is the sender's address
    kCircuit,        ///< `text` is the state of a server's circuit in worker `count`
  };
  Kind kind = Kind::kRedirect;
  std::uint32_t database = 0;
  std::uint16_t slot = 0;
  std::uint16_t server = 0;
  std::uint16_t user = 0;  ///< of the link it is about
  std::uint64_t count = 0;
  bool known = false;
  std::string text;   ///< endpoint, reason, node id or the server's words, by kind
  std::string label;  ///< of the server, where there is one
};

/// What became of one errand at one server.
struct ErrandOutcome {
  enum class Kind : std::uint8_t {
    kPending,
    kReply,     ///< `text` is the reply, in wire form
    kNotSent,   ///< never reached the server; `text` is why
    kBusy,      ///< the same: all private links are lent out
    kLost,      ///< the connection to `text` was lost after it was sent
    kTooLarge,  ///< executed; the reply was larger than the errand allows
    kGone,      ///< the client left before
  };
  Kind kind = Kind::kPending;
  std::string text;
};

/// The end of an errand: an outcome for each of its servers.
struct ErrandResult {
  std::uint64_t ticket = 0;
  std::vector<ErrandOutcome> outcomes;
};

/// A request that took long.
struct SlowRequest {
  std::uint32_t database = 0;
  std::uint32_t duration_ms = 0;  ///< from its arrival to its reply
  std::vector<std::string> args;  ///< as many, and as much of each, as servers keep
  std::string client_address;
  std::string client_name;
};

/// What a worker collected in one turn.
struct UpBatch {
  std::vector<ControlRequest> controls;
  std::vector<PlaneEvent> events;
  std::vector<QueryReport> reports;
  std::vector<SlowRequest> slow;
  std::vector<ErrandResult> errands;
  [[nodiscard]] bool empty() const noexcept {
    return controls.empty() && events.empty() && reports.empty() && slow.empty() && errands.empty();
  }
};

/// From all workers to the main thread. Bounded by what a worker may have up: one control command
/// per client, and events that it has already counted and limited per turn.
class UpQueue {
 public:
  /// Moves the batch in. True if the reader has to be woken: the queue was empty.
  bool push(UpBatch& batch) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool was_empty = pending_.empty();
    for (auto& control : batch.controls) pending_.controls.push_back(std::move(control));
    for (auto& event : batch.events) {
      if (pending_.events.size() < kEventsMax) pending_.events.push_back(std::move(event));
    }
    for (auto& report : batch.reports) pending_.reports.push_back(std::move(report));
    for (auto& errand : batch.errands) pending_.errands.push_back(std::move(errand));
    for (auto& slow : batch.slow) {
      if (pending_.slow.size() < kSlowMax) pending_.slow.push_back(std::move(slow));
    }
    batch.controls.clear();
    batch.events.clear();
    batch.reports.clear();
    batch.slow.clear();
    batch.errands.clear();
    return was_empty;
  }
  [[nodiscard]] UpBatch take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    UpBatch batch;
    std::swap(batch, pending_);
    return batch;
  }

 private:
  static constexpr std::size_t kEventsMax = 4096;
  static constexpr std::size_t kSlowMax = 1024;
  std::mutex mutex_;
  UpBatch pending_;
};

}  // namespace slotgate
