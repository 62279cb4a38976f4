#pragma once

#include <cstdint>

#include "core/router.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Divides requests over several slots and makes one reply of the parts' replies.
///
/// The request keeps its place in the client's order (kJoining); its parts are requests of their
/// own that are in no client's order. How the replies are joined is the table's `Split`:
///   kArrayInOrder  the parts' elements, put back into the caller's order of keys when it is sent
///   kSum, kAllOk   folded in as they come
class Joiner {
 public:
  explicit Joiner(WorkerContext& context) noexcept : context_(context) {}

  /// Splits the request `parent` (in the client's order already). Returns false if its arguments do
  /// not have the shape of the row: then the server is to refuse it in its own words.
  bool split(Client& client, std::uint32_t parent, const Command& command, Bytes frame,
             const std::vector<Arg>& args);

  /// The server said TRYAGAIN to `index`, whose frame is its own: one request per key from now on,
  /// each redirected by itself, so that it always ends. False if it has one key, or cannot be
  /// split.
  bool split_per_key(std::uint32_t index);

  /// A reply for a part, in this turn's chunks.
  void part_answered(std::uint32_t index, const std::uint8_t* data, std::size_t size);
  /// A part was given a reply of our own (kDone): an error.
  void part_done(std::uint32_t index);
  /// Nobody waits for the part: its client is gone.
  void part_dropped(std::uint32_t index);

  /// The client of a joining request is gone: its parts answer to nobody. Frees the parent.
  void abandon(std::uint32_t parent);
  /// Adds the reply of a finished array join to its client's output; recycle() it after the send.
  /// Its size in bytes, without its first line.
  std::uint32_t emit_array(std::uint32_t join_index, Client& client);
  void recycle(std::uint32_t join_index);

 private:
  std::uint32_t open(std::uint32_t parent, const Command& command);
  /// A part with the age of the request `older`, which it is made from.
  std::uint32_t add_part(std::uint32_t join_index, std::uint32_t client, const Command& command,
                         std::uint16_t slot, std::uint32_t older);
  void fold(std::uint32_t index);
  void count_error(Join& join, const Request& part);
  static void take_value(Join& join, std::string_view reply);
  [[nodiscard]] bool has_all_elements(const Join& join);
  void finish(std::uint32_t join_index);
  void finish_with_error(Join& join);

  WorkerContext& context_;
  SplitPlan plan_;
  std::vector<Link*> readers_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::int64_t> wanted_;
};

}  // namespace slotgate
