#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bytes.h"

namespace slotgate {

enum class ReplyStatus : std::uint8_t { kComplete, kNeedMore, kProtocolError };

/// Incremental framer of RESP2 and RESP3 replies, one top-level frame at a time. Same contract for
/// the input as RequestFramer: bytes from the frame's first byte on, growing, free to move, no byte
/// looked at twice (a 1 MiB array in one-byte pieces is linear).
///
/// An attribute (`|`) is a prefix: the frame is the attribute and the value behind it, and type()
/// is the type of the value. A top-level push (`>`) is a frame of its own for which is_push()
/// holds; it answers no request. Streamed strings and aggregates (`$?`, `*?`) are protocol errors:
/// no server sends them. Nesting deeper than kReplyDepthMax is a protocol error. Integers, doubles,
/// booleans, big numbers, bulk errors (`!`), verbatim strings (`=`), maps, sets, nulls (`_`) are
/// all framed.
/// Source: RESP3 specification; Redis serialization protocol specification.
class ReplyFramer {
 public:
  static constexpr std::uint32_t kReplyDepthMax = 128;
  /// Longest line (simple string, error, header): a longer one is a protocol error.
  static constexpr std::size_t kLineBytesMax = 1024 * 1024;

  /// Frames the reply that begins at `data[0]`. After kComplete the framer is ready for the next
  /// one.
  ReplyStatus next(const std::uint8_t* data, std::size_t size) noexcept {
    // Straight line for what most replies are: `+OK`, `:1`, `$5`, `$-1`, `_`, `#t` wholly in the
    // buffer. Everything else, and everything that was begun before, takes the general path.
    if (!begun_) {
      const std::size_t simple = frame_simple(data, size);
      if (simple != 0) {
        frame_size_ = simple;
        type_ = data[0];
        push_ = false;
        return ReplyStatus::kComplete;
      }
    }
    return next_general(data, size);
  }

  /// Bytes of the frame. Valid after kComplete.
  [[nodiscard]] std::size_t frame_size() const noexcept { return frame_size_; }
  /// First byte of the value (attributes skipped). Valid after kComplete.
  [[nodiscard]] std::uint8_t type() const noexcept { return type_; }
  [[nodiscard]] bool is_push() const noexcept { return push_; }
  /// After kNeedMore: bytes at the front that were framed already; see RequestFramer::drop.
  [[nodiscard]] std::size_t scanned() const noexcept { return position_; }
  /// After kNeedMore: lower bound of the size of the whole frame, counted from the present front.
  [[nodiscard]] std::size_t announced_size() const noexcept;
  /// As RequestFramer::drop: frame_size() of a dropped frame counts from the new front.
  void drop(std::size_t count) noexcept;
  void reset() noexcept;

  /// Size of the complete simple frame at `data`, or 0 if it is not simple or not complete.
  static std::size_t frame_simple(const std::uint8_t* data, std::size_t size) noexcept;

 private:
  /// Result of one step inside a frame.
  enum class Step : std::uint8_t { kDone, kNeedMore, kError };

  /// Lines up to this size take the straight line.
  static constexpr std::size_t kShortLineBytesMax = 32;

  ReplyStatus next_general(const std::uint8_t* data, std::size_t size) noexcept;
  bool read_simple(const std::uint8_t* data, std::size_t size) noexcept;
  Step read_element(const std::uint8_t* data, std::size_t size) noexcept;
  Step read_payload(const std::uint8_t* data, std::size_t size) noexcept;
  Step find_line_end(const std::uint8_t* data, std::size_t size, std::size_t& line_size) noexcept;
  Step accept_line(Bytes line) noexcept;
  Step accept_bulk(Bytes line) noexcept;
  Step accept_aggregate(Bytes line) noexcept;
  ReplyStatus finish() noexcept;

  std::size_t position_ = 0;
  std::size_t frame_size_ = 0;
  std::uint8_t type_ = 0;
  bool push_ = false;
  /// The frame was looked at by the general path before.
  bool begun_ = false;
  /// Bytes behind position_ that were searched for the end of the line already.
  std::size_t line_searched_ = 0;
  /// The payload at position_: what is missing of it, CRLF included; 0 while a line is expected.
  std::uint64_t payload_left_ = 0;
  /// Elements still to come on the innermost level, and on the levels around it. The outermost
  /// level is the frame: one element. An attribute is a level that takes no element of its parent.
  std::uint64_t elements_left_ = 1;
  std::vector<std::uint64_t> outer_elements_left_;
};

}  // namespace slotgate
