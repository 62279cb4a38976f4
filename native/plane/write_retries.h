#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plane/worker_context.h"

namespace slotgate {

/// Writes that are sent again after the link was lost over which they had been sent, where the
/// database wants that and the command table says that once more changes nothing (kFlagRepeatable).
///
/// Such a request may have been executed, whatever comes of its repetition: if that fails, its
/// outcome is unknown, and no error that says otherwise may be its reply.
class WriteRetries {
 public:
  explicit WriteRetries(WorkerContext& context) noexcept : context_(context) {}

  /// Which requests in flight on `link`, which is lost, are to be sent again although they write
  /// and were written: by their place in the ring. Empty: none. Not if a younger request of the
  /// same client on the slot is of unknown outcome: it would be undone in part.
  [[nodiscard]] std::vector<bool> choose(const Link& link);
  /// The request of `link` is about to be sent again.
  void begin(const Link& link, std::uint32_t index);
  /// `part` takes the place of the request, or of some of it.
  void divide(std::uint32_t index, std::uint32_t part);
  /// It has an answer that is no error, and is out of our hands.
  void succeeded(std::uint32_t index) { lost_at_.erase(index); }
  /// What its client is told, where the answer is the error `line`.
  [[nodiscard]] std::string told(std::uint32_t index, std::string_view line);

  /// True of a write that was sent again.
  [[nodiscard]] static bool concerns(const Request& request) noexcept {
    return (request.flags & (kReqRepeated | kReqReadonly)) == kReqRepeated;
  }

 private:
  [[nodiscard]] bool may_repeat(const Link& link, const Request& request) const;

  WorkerContext& context_;
  /// Servers by request: to which it had been sent. Of requests that were dropped an entry may stay
  /// until their records are used again.
  std::unordered_map<std::uint32_t, std::uint16_t> lost_at_;
};

}  // namespace slotgate
