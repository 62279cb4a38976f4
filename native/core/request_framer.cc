#include "core/request_framer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/decimal.h"
#include "core/inline_request.h"
#include "core/proxy_header.h"
#include "core/word.h"

namespace slotgate {
namespace {

constexpr std::string_view kInvalidMultibulk = "invalid multibulk length";
constexpr std::string_view kUnauthenticatedMultibulk = "unauthenticated multibulk length";
constexpr std::string_view kInvalidBulk = "invalid bulk length";
constexpr std::string_view kUnauthenticatedBulk = "unauthenticated bulk length";
constexpr std::string_view kNoPayloadEnd = "expected CRLF after bulk payload";
constexpr std::string_view kFrameTooBig = "request exceeds client-query-buffer-limit";

/// Shortest argument: "$0", CRLF, CRLF.
constexpr std::size_t kArgumentBytesMin = 6;

/// A header line with one or two digits.
struct ShortHeader {
  std::uint32_t bytes;  ///< of the line, 0 if it is anything else
  std::uint32_t value;
};

/// Reads the line at `data`, which has at least kArgumentBytesMin bytes.
inline ShortHeader read_short_header(const std::uint8_t* data, std::uint8_t marker) noexcept {
  const std::uint32_t first = static_cast<std::uint32_t>(data[1]) - '0';
  if (data[0] != marker || first > 9) return {0, 0};
  if (is_crlf(data + 2)) return {4, first};
  const std::uint32_t second = static_cast<std::uint32_t>(data[2]) - '0';
  if (second > 9 || first == 0 || !is_crlf(data + 3)) return {0, 0};
  return {5, first * 10 + second};
}

}  // namespace

FrameStatus RequestFramer::next(const std::uint8_t* data, std::size_t size,
                                const RequestLimits& limits) noexcept {
  if (phase_ == Phase::kArguments) return read_arguments(data, size, limits);
  // Straight line for "*1" to "*99", which is nearly every request.
  if (size >= kArgumentBytesMin) {
    const ShortHeader header = read_short_header(data, '*');
    if (header.value != 0 && header.value <= limits.arguments_max) {
      return begin_arguments(data, size, header.value, header.bytes, limits);
    }
  }
  return start(data, size, limits);
}

FrameStatus RequestFramer::start(const std::uint8_t* data, std::size_t size,
                                 const RequestLimits& limits) noexcept {
  announced_args_ = 0;
  args_.clear();
  if (size == 0) return FrameStatus::kNeedMore;
  if (data[0] != '*') return read_inline(data, size, limits);

  std::size_t line = 0;
  const Step found =
      find_line_end(data, size, limits.inline_bytes_max, "too big mbulk count string", line);
  if (found == Step::kNeedMore) return FrameStatus::kNeedMore;
  if (found == Step::kError) return FrameStatus::kProtocolError;
  std::int64_t count = 0;
  if (!is_crlf(data + line) || !parse_decimal({data + 1, line - 1}, count) ||
      count > std::numeric_limits<std::int32_t>::max()) {
    return fail(kInvalidMultibulk);
  }
  if (count > limits.arguments_max) {
    return fail(limits.unauthenticated ? kUnauthenticatedMultibulk : kInvalidMultibulk);
  }
  if (count <= 0) {
    consumed_ = line + 2;
    return FrameStatus::kEmpty;
  }
  return begin_arguments(data, size, static_cast<std::uint32_t>(count), line + 2, limits);
}

FrameStatus RequestFramer::begin_arguments(const std::uint8_t* data, std::size_t size,
                                           std::uint32_t count, std::size_t header_bytes,
                                           const RequestLimits& limits) noexcept {
  announced_args_ = count;
  position_ = header_bytes;
  line_searched_ = 0;
  phase_ = Phase::kArguments;
  return read_arguments(data, size, limits);
}

FrameStatus RequestFramer::read_arguments(const std::uint8_t* data, std::size_t size,
                                          const RequestLimits& limits) noexcept {
  make_room(size - position_);
  while (true) {
    if (payload_left_ == 0) read_short_arguments(data, size, limits);
    if (filled_ == announced_args_) return finish_multibulk(data, position_);
    Step step = Step::kDone;
    if (payload_left_ == 0) step = read_bulk_header(data, size, limits);
    if (step == Step::kDone) step = read_payload(data, size);
    if (step == Step::kError) return FrameStatus::kProtocolError;
    if (step == Step::kNeedMore) {
      args_.resize(filled_);
      return FrameStatus::kNeedMore;
    }
  }
}

/// Straight line: reads arguments as long as they are short, wholly there and without fault; leaves
/// all else to the general way.
void RequestFramer::read_short_arguments(const std::uint8_t* data, std::size_t size,
                                         const RequestLimits& limits) noexcept {
  const std::size_t end_max = std::min<std::size_t>(
      size, limits.frame_bytes_max - std::min<std::size_t>(dropped_, limits.frame_bytes_max));
  Arg* arg = args_.data() + filled_;
  const Arg* const last = args_.data() + args_.size();
  std::size_t position = position_;
  while (arg != last && position + kArgumentBytesMin <= size) {
    const ShortHeader header = read_short_header(data + position, '$');
    const std::size_t payload = position + header.bytes;
    const std::size_t end = payload + header.value + 2;
    if (header.bytes == 0 || end > end_max || header.value > limits.bulk_bytes_max) break;
    if (!is_crlf(data + end - 2)) break;
    *arg++ = {static_cast<std::uint32_t>(payload), header.value};
    position = end;
  }
  if (position == position_) return;
  filled_ = static_cast<std::uint32_t>(arg - args_.data());
  position_ = position;
  line_searched_ = 0;
}

FrameStatus RequestFramer::finish_multibulk(const std::uint8_t* data, std::size_t end) noexcept {
  consumed_ = end;
  frame_ = dropped_ == 0 ? Bytes{data, end} : Bytes{};
  position_ = 0;
  filled_ = 0;
  dropped_ = 0;
  phase_ = Phase::kStart;
  return FrameStatus::kComplete;
}

RequestFramer::Step RequestFramer::read_bulk_header(const std::uint8_t* data, std::size_t size,
                                                    const RequestLimits& limits) noexcept {
  const std::uint8_t* const header = data + position_;
  if (position_ == size) return Step::kNeedMore;
  if (header[0] != '$') {
    constexpr std::string_view kText = "expected '$', got ' '";
    static_assert(kText.size() <= sizeof quoting_error_);
    std::copy(kText.begin(), kText.end(), quoting_error_.begin());
    // A line end would end our error reply too early.
    const bool printable = header[0] != '\r' && header[0] != '\n' && header[0] != '\0';
    if (printable) quoting_error_[kText.size() - 2] = static_cast<char>(header[0]);
    return fail_step({quoting_error_.data(), kText.size()});
  }
  std::size_t line = 0;
  const Step found = find_line_end(header, size - position_, limits.inline_bytes_max,
                                   "too big bulk count string", line);
  if (found != Step::kDone) return found;
  std::int64_t length = 0;
  if (!is_crlf(header + line) || !parse_decimal({header + 1, line - 1}, length) || length < 0) {
    return fail_step(kInvalidBulk);
  }
  if (length > limits.bulk_bytes_max) {
    return fail_step(limits.unauthenticated ? kUnauthenticatedBulk : kInvalidBulk);
  }
  const std::size_t payload = position_ + line + 2;
  if (dropped_ + payload + static_cast<std::size_t>(length) + 2 > limits.frame_bytes_max) {
    return fail_step(kFrameTooBig);
  }
  payload_ = {static_cast<std::uint32_t>(payload), static_cast<std::uint32_t>(length)};
  payload_left_ = static_cast<std::uint32_t>(length) + 2;
  position_ = payload;
  return Step::kDone;
}

RequestFramer::Step RequestFramer::read_payload(const std::uint8_t* data,
                                                std::size_t size) noexcept {
  const std::size_t left = size - position_;
  if (left < payload_left_) {
    // The line end is read in one piece.
    const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(left, payload_left_ - 2));
    position_ += bytes;
    payload_left_ -= bytes;
    return Step::kNeedMore;
  }
  const std::size_t end = position_ + payload_left_;
  if (!is_crlf(data + end - 2)) return fail_step(kNoPayloadEnd);
  args_[filled_++] = payload_;
  position_ = end;
  payload_left_ = 0;
  return Step::kDone;
}

/// Looks for the CR of the line at `data` and for one byte behind it. `line_size` is what is before
/// the CR.
RequestFramer::Step RequestFramer::find_line_end(const std::uint8_t* data, std::size_t size,
                                                 std::size_t bytes_max, std::string_view too_long,
                                                 std::size_t& line_size) noexcept {
  const std::size_t limit = std::min(size, bytes_max + 1);
  const void* const end = limit <= line_searched_
                              ? nullptr
                              : std::memchr(data + line_searched_, '\r', limit - line_searched_);
  if (end == nullptr) {
    if (size > bytes_max) return fail_step(too_long);
    line_searched_ = static_cast<std::uint32_t>(size);
    return Step::kNeedMore;
  }
  line_size = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - data);
  if (line_size + 2 > size) {
    line_searched_ = static_cast<std::uint32_t>(line_size);
    return Step::kNeedMore;
  }
  line_searched_ = 0;
  return Step::kDone;
}

FrameStatus RequestFramer::read_inline(const std::uint8_t* data, std::size_t size,
                                       const RequestLimits& limits) noexcept {
  const std::size_t limit = std::min<std::size_t>(size, std::size_t{limits.inline_bytes_max} + 1);
  const void* const found = limit <= line_searched_
                                ? nullptr
                                : std::memchr(data + line_searched_, '\n', limit - line_searched_);
  if (found == nullptr) {
    if (size > limits.inline_bytes_max) return fail("too big inline request");
    line_searched_ = static_cast<std::uint32_t>(size);
    return FrameStatus::kNeedMore;
  }
  const auto line_end = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data);
  const std::size_t line = line_end > 0 && data[line_end - 1] == '\r' ? line_end - 1 : line_end;
  line_searched_ = 0;
  if (std::memchr(data, '\0', line) != nullptr) return fail("NUL byte in inline request");
  if (!encode_inline_request({data, line}, inline_frame_, args_)) {
    return fail("unbalanced quotes in request");
  }
  // Requests behind a header that nobody expects would get each other's replies.
  if (is_proxy_header({data, line})) return fail("unexpected PROXY header");
  consumed_ = line_end + 1;
  frame_ = {inline_frame_.data(), inline_frame_.size()};
  return args_.empty() ? FrameStatus::kEmpty : FrameStatus::kComplete;
}

/// Makes args_ long enough for every argument that can be complete in `bytes_left` bytes. Usually a
/// comparison: the next frame often has as many arguments as the last one.
void RequestFramer::make_room(std::size_t bytes_left) noexcept {
  const std::size_t arrived = filled_ + bytes_left / kArgumentBytesMin + 1;
  const std::size_t count = std::min<std::size_t>(announced_args_, arrived);
  if (args_.size() == count) return;
  if (args_.capacity() > kArgumentsKept && filled_ == 0 && count <= kArgumentsKept) {
    std::vector<Arg>().swap(args_);
  }
  args_.resize(count);
}

std::size_t RequestFramer::announced_size() const noexcept {
  return position_ + line_searched_ + payload_left_;
}

void RequestFramer::drop(std::size_t count) noexcept {
  position_ -= count;
  dropped_ += count;
  if (payload_left_ == 0) return;
  const bool cut = payload_.offset < count;
  payload_.offset = cut ? 0 : payload_.offset - static_cast<std::uint32_t>(count);
}

void RequestFramer::reset() noexcept { *this = RequestFramer(); }

FrameStatus RequestFramer::fail(std::string_view error) noexcept {
  error_ = error;
  return FrameStatus::kProtocolError;
}

RequestFramer::Step RequestFramer::fail_step(std::string_view error) noexcept {
  error_ = error;
  return Step::kError;
}

}  // namespace slotgate
