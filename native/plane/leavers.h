#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plane/limits.h"
#include "plane/presentation.h"
#include "plane/worker_context.h"

namespace slotgate {

/// How clients are made to leave.
enum class Leaving : std::uint8_t {
  /// Each is closed when it has sent nothing for kPauseMs behind the reply to all that it sent: who
  /// works through a series of commands would else meet the close with the next one.
  kInPause,
  /// Who is between two requests is closed. Nothing more is taken from the others, which are closed
  /// behind the reply to what they have sent.
  kNow,
};

/// Clients that are to go, since the process or their endpoint is about to end. Transactions and
/// subscriptions, which would be lost, are waited for.
class Leavers {
 public:
  explicit Leavers(WorkerContext& context) noexcept : context_(context) {}

  /// Makes up to `most` clients leave, those not counted that were told so before; with `among`
  /// only those of these audiences.
  void add(std::size_t most, Leaving how, const AudienceNames* among = nullptr);
  /// Those of these audiences that have not paused yet need not leave any more. Whoever was told to
  /// leave now still goes: what it sent since may have been thrown away.
  void let_stay(const AudienceNames& among);
  /// When run() is to be called; UINT64_MAX: there is nobody.
  [[nodiscard]] std::uint64_t next_due_ms() const noexcept {
    return waiting_.empty() ? UINT64_MAX : due_ms_;
  }
  /// Closes those that pause.
  void run();

 private:
  struct Leaver {
    std::uint64_t id = 0;
    std::uint64_t paused_since_ms = 0;  ///< 0: it does not
    std::uint32_t index = 0;
  };

  void leave_now(Client& client);
  /// True if it is no longer to be waited for.
  bool has_gone(Leaver& leaver);

  WorkerContext& context_;
  std::vector<Leaver> waiting_;
  std::uint64_t due_ms_ = 0;
};

}  // namespace slotgate
