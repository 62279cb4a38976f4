#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace slotgate {

/// One argument of a request: its payload, as offset from the frame's first byte.
struct Arg {
  std::uint32_t offset;
  std::uint32_t length;
};

/// What a client may announce. All bounds are inclusive.
struct RequestLimits {
  std::uint32_t arguments_max = 1048576;
  std::uint32_t bulk_bytes_max = 512U * 1024 * 1024;
  /// Longest inline request, and longest "*n" or "$n" line (redis: PROTO_INLINE_MAX_SIZE).
  std::uint32_t inline_bytes_max = 64 * 1024;
  /// Longest whole frame, headers included (redis: client-query-buffer-limit). Below 2^32.
  std::uint32_t frame_bytes_max = 1024U * 1024 * 1024;
  /// The client has yet to authenticate: exceeding `arguments_max` or `bulk_bytes_max` is then
  /// worded as redis-server words it for such clients.
  bool unauthenticated = false;
};

enum class FrameStatus : std::uint8_t {
  kComplete,       ///< frame(), args() and consumed() are valid
  kNeedMore,       ///< call again with the same bytes and more behind them
  kEmpty,          ///< `*0`, `*-1` or an empty line: drop consumed() bytes, no reply
  kProtocolError,  ///< error() says why, in redis-server's words; the connection is beyond repair
};

/// Incremental framer of RESP requests (multibulk and inline), one frame at a time.
///
/// The caller passes the bytes from the frame's first byte on, each time with at least as many as
/// before (they may have moved in memory); the framer remembers how far it got, so that no byte is
/// looked at twice however the input is cut. It keeps no pointer into the input between calls.
/// It allocates by what has arrived, never by what was announced.
///
///   client.bytes  [ frame ............ ][ next frame ...
///                 ^ data                ^ data + consumed()
///
/// Inline requests are split as redis-server does (quotes, escapes) and re-encoded as multibulk:
/// frame() then points into the framer's own buffer. Multibulk frames are forwarded verbatim, so
/// only canonical lengths are accepted ("+3", "03", "-0" and the like are protocol errors, and so
/// is any byte but CRLF behind a length or a payload): our reading and the server's cannot differ.
/// An inline request with a NUL byte is an error: redis-server never sees the end of its line. So
/// is one that is a header of the PROXY protocol, whose sender takes the client's bytes for what
/// follows it.
/// Source: Redis protocol specification, "Sending commands to a Redis server"; the error texts are
/// those of processMultibulkBuffer and processInlineBuffer of redis-server 7.
class RequestFramer {
 public:
  /// Frames the request that begins at `data[0]`. `limits` may differ from call to call.
  FrameStatus next(const std::uint8_t* data, std::size_t size,
                   const RequestLimits& limits) noexcept;

  /// Bytes of the input that belong to the frame. Valid after kComplete and kEmpty.
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }
  /// The frame in canonical multibulk form. Valid after kComplete until the next call of next(),
  /// and (multibulk) while the input stays where it is.
  [[nodiscard]] Bytes frame() const noexcept { return frame_; }
  /// Arguments of frame(), the command name first; at least one. Valid as frame().
  [[nodiscard]] const std::vector<Arg>& args() const noexcept { return args_; }
  /// Text behind "-ERR Protocol error: ". Valid after kProtocolError.
  [[nodiscard]] std::string_view error() const noexcept { return error_; }

  /// After kNeedMore: the size of the frame as far as announced (bytes seen plus the rest of the
  /// payload that is being read). A lower bound of the size of the whole frame.
  [[nodiscard]] std::size_t announced_size() const noexcept;
  /// After kNeedMore inside a multibulk frame: number of arguments announced (0 while unknown or
  /// inline); args() then holds those whose payload is complete, CRLF included.
  [[nodiscard]] std::uint32_t announced_args() const noexcept { return announced_args_; }
  /// After kNeedMore: bytes at the front that were framed already. A caller that streams a frame
  /// may forward them and then drop() them.
  [[nodiscard]] std::size_t scanned() const noexcept { return position_; }
  /// The caller threw away the first `count` <= scanned() bytes of the frame: later calls pass the
  /// input from there on. args() before that point lose their meaning; frame() is not available at
  /// the end, consumed() counts from the new front. An argument of which a part was dropped has
  /// offset 0 when it is complete.
  void drop(std::size_t count) noexcept;

  /// Forgets a frame that was begun, and gives back all memory.
  void reset() noexcept;

 private:
  /// What the bytes at position_ are.
  enum class Phase : std::uint8_t { kStart, kArguments };
  /// Result of one step inside a frame.
  enum class Step : std::uint8_t { kDone, kNeedMore, kError };

  /// Arguments kept allocated between frames; more are given back at the next frame.
  static constexpr std::size_t kArgumentsKept = 128;

  FrameStatus start(const std::uint8_t* data, std::size_t size,
                    const RequestLimits& limits) noexcept;
  FrameStatus begin_arguments(const std::uint8_t* data, std::size_t size, std::uint32_t count,
                              std::size_t header_bytes, const RequestLimits& limits) noexcept;
  FrameStatus read_arguments(const std::uint8_t* data, std::size_t size,
                             const RequestLimits& limits) noexcept;
  FrameStatus read_inline(const std::uint8_t* data, std::size_t size,
                          const RequestLimits& limits) noexcept;
  FrameStatus finish_multibulk(const std::uint8_t* data, std::size_t end) noexcept;
  void read_short_arguments(const std::uint8_t* data, std::size_t size,
                            const RequestLimits& limits) noexcept;
  Step read_bulk_header(const std::uint8_t* data, std::size_t size,
                        const RequestLimits& limits) noexcept;
  Step read_payload(const std::uint8_t* data, std::size_t size) noexcept;
  Step find_line_end(const std::uint8_t* data, std::size_t size, std::size_t bytes_max,
                     std::string_view too_long, std::size_t& line_size) noexcept;
  void make_room(std::size_t bytes_left) noexcept;
  FrameStatus fail(std::string_view error) noexcept;
  Step fail_step(std::string_view error) noexcept;

  std::size_t position_ = 0;
  std::size_t consumed_ = 0;
  Bytes frame_;
  std::vector<Arg> args_;
  std::string_view error_;
  std::uint32_t announced_args_ = 0;

  /// Complete arguments; args_ may be longer inside next().
  std::uint32_t filled_ = 0;
  /// Bytes behind position_ that were searched for the end of the line already.
  std::uint32_t line_searched_ = 0;
  Phase phase_ = Phase::kStart;
  /// The payload at position_: what is missing of it, CRLF included; 0 while a header is expected.
  std::uint32_t payload_left_ = 0;
  Arg payload_{};
  /// Bytes of the frame that the caller threw away.
  std::size_t dropped_ = 0;
  /// Re-encoded inline request.
  std::vector<std::uint8_t> inline_frame_;
  /// Text of an error that quotes the input.
  std::array<char, 24> quoting_error_{};
};

}  // namespace slotgate
