#include "core/reply_framer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/decimal.h"
#include "core/word.h"

namespace slotgate {
namespace {

/// Most elements an aggregate may announce; a level holds twice as many for pairs.
constexpr std::int64_t kElementsMax = std::numeric_limits<std::uint32_t>::max();
/// Longest bulk string a server can be configured to send.
constexpr std::int64_t kBulkBytesMax = std::numeric_limits<std::int64_t>::max() / 4;

/// Size of a line at `data` of at most `size_max` bytes, CRLF included, or 0 if it has no such end
/// or a CR that does not end it.
inline std::size_t short_line_size(const std::uint8_t* data, std::size_t size_max) noexcept {
  for (std::size_t i = 1; i + 1 < size_max; ++i) {
    if (data[i] == '\r') return data[i + 1] == '\n' ? i + 2 : 0;
  }
  return 0;
}

/// Size of a "$n" frame with at most four digits at `data`, or 0.
inline std::size_t short_bulk_size(const std::uint8_t* data, std::size_t size) noexcept {
  constexpr std::size_t kDigitsMax = 4;
  const std::uint32_t first = static_cast<std::uint32_t>(data[1]) - '0';
  if (first > 9) return data[1] == '-' && data[2] == '1' && is_crlf(data + 3) ? 5 : 0;
  std::size_t length = first;
  std::size_t digits = 1;
  while (digits < kDigitsMax) {
    const std::uint32_t digit = static_cast<std::uint32_t>(data[1 + digits]) - '0';
    if (digit > 9) break;
    length = length * 10 + digit;
    ++digits;
  }
  const std::size_t line = digits + 3;
  if (line > size || !is_crlf(data + digits + 1) || (first == 0 && digits > 1)) return 0;
  const std::size_t end = line + length + 2;
  return end <= size && is_crlf(data + end - 2) ? end : 0;
}

}  // namespace

std::size_t ReplyFramer::frame_simple(const std::uint8_t* data, std::size_t size) noexcept {
  if (size < 5) return size >= 3 && data[0] == '_' && is_crlf(data + 1) ? 3 : 0;
  switch (data[0]) {
    case '$':
      return short_bulk_size(data, size);
    case '+':
    case '-':
    case ':':
    case ',':
    case '(':
      return short_line_size(data, std::min(size, kShortLineBytesMax));
    case '#':
      return (data[1] == 't' || data[1] == 'f') && is_crlf(data + 2) ? 4 : 0;
    case '_':
      return is_crlf(data + 1) ? 3 : 0;
    default:
      return 0;
  }
}

ReplyStatus ReplyFramer::next_general(const std::uint8_t* data, std::size_t size) noexcept {
  if (!begun_) push_ = false;
  begun_ = true;
  while (true) {
    if (payload_left_ == 0 && elements_left_ == 0) {
      if (outer_elements_left_.empty()) return finish();
      elements_left_ = outer_elements_left_.back();
      outer_elements_left_.pop_back();
      continue;
    }
    if (payload_left_ == 0 && line_searched_ == 0 && read_simple(data, size)) continue;
    const Step step = payload_left_ != 0 ? read_payload(data, size) : read_element(data, size);
    if (step == Step::kNeedMore) return ReplyStatus::kNeedMore;
    if (step == Step::kError) return ReplyStatus::kProtocolError;
  }
}

/// Straight line for an element that is simple and wholly there.
bool ReplyFramer::read_simple(const std::uint8_t* data, std::size_t size) noexcept {
  const std::size_t simple = frame_simple(data + position_, size - position_);
  if (simple == 0) return false;
  if (outer_elements_left_.empty()) type_ = data[position_];
  position_ += simple;
  --elements_left_;
  return true;
}

/// Reads the line of the element at position_, and its payload or its level if it has one.
ReplyFramer::Step ReplyFramer::read_element(const std::uint8_t* data, std::size_t size) noexcept {
  if (position_ == size) return Step::kNeedMore;
  const std::uint8_t* const element = data + position_;
  if (std::memchr("+-:,(#_$!=*~%|>", element[0], 15) == nullptr) return Step::kError;
  std::size_t line_size = 0;
  const Step found = find_line_end(element, size - position_, line_size);
  if (found != Step::kDone) return found;
  const bool outermost = outer_elements_left_.empty();
  if (outermost && element[0] != '|') type_ = element[0];
  position_ += line_size + 2;
  const Bytes line{element, line_size};
  switch (element[0]) {
    case '$':
    case '!':
    case '=':
      return accept_bulk(line);
    case '*':
    case '~':
    case '%':
    case '|':
    case '>':
      return accept_aggregate(line);
    default:
      return accept_line(line);
  }
}

ReplyFramer::Step ReplyFramer::accept_line(Bytes line) noexcept {
  if (line.data[0] == '_' && line.size != 1) return Step::kError;
  if (line.data[0] == '#') {
    if (line.size != 2 || (line.data[1] != 't' && line.data[1] != 'f')) return Step::kError;
  }
  --elements_left_;
  return Step::kDone;
}

ReplyFramer::Step ReplyFramer::accept_bulk(Bytes line) noexcept {
  std::int64_t length = 0;
  if (!parse_decimal({line.data + 1, line.size - 1}, length)) return Step::kError;
  if (length > kBulkBytesMax || length < -1) return Step::kError;
  if (length < 0 && line.data[0] != '$') return Step::kError;
  --elements_left_;
  if (length >= 0) payload_left_ = static_cast<std::uint64_t>(length) + 2;
  return Step::kDone;
}

ReplyFramer::Step ReplyFramer::accept_aggregate(Bytes line) noexcept {
  const std::uint8_t type = line.data[0];
  std::int64_t count = 0;
  if (!parse_decimal({line.data + 1, line.size - 1}, count)) return Step::kError;
  if (count > kElementsMax || count < -1) return Step::kError;
  if (count < 0 && type != '*') return Step::kError;
  if (type == '>') {
    // Servers send pushes between replies, never inside of one.
    if (!outer_elements_left_.empty()) return Step::kError;
    push_ = true;
  }
  if (type != '|') --elements_left_;
  if (count < 0) return Step::kDone;
  if (outer_elements_left_.size() == kReplyDepthMax) return Step::kError;
  outer_elements_left_.push_back(elements_left_);
  const bool pairs = type == '%' || type == '|';
  elements_left_ = static_cast<std::uint64_t>(count) * (pairs ? 2 : 1);
  return Step::kDone;
}

ReplyFramer::Step ReplyFramer::read_payload(const std::uint8_t* data, std::size_t size) noexcept {
  const std::size_t left = size - position_;
  if (left < payload_left_) {
    // The line end is read in one piece.
    const std::size_t bytes = std::min<std::size_t>(left, payload_left_ - 2);
    position_ += bytes;
    payload_left_ -= bytes;
    return Step::kNeedMore;
  }
  position_ += payload_left_;
  payload_left_ = 0;
  return is_crlf(data + position_ - 2) ? Step::kDone : Step::kError;
}

/// Looks for the CR of the line at `data` and for the LF behind it. `line_size` is what is before
/// the CR.
ReplyFramer::Step ReplyFramer::find_line_end(const std::uint8_t* data, std::size_t size,
                                             std::size_t& line_size) noexcept {
  const std::size_t limit = std::min(size, kLineBytesMax + 1);
  const void* const end = limit <= line_searched_
                              ? nullptr
                              : std::memchr(data + line_searched_, '\r', limit - line_searched_);
  if (end == nullptr) {
    if (size > kLineBytesMax) return Step::kError;
    line_searched_ = size;
    return Step::kNeedMore;
  }
  line_size = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - data);
  if (line_size + 2 > size) {
    line_searched_ = line_size;
    return Step::kNeedMore;
  }
  line_searched_ = 0;
  return data[line_size + 1] == '\n' ? Step::kDone : Step::kError;
}

ReplyStatus ReplyFramer::finish() noexcept {
  frame_size_ = position_;
  position_ = 0;
  elements_left_ = 1;
  begun_ = false;
  return ReplyStatus::kComplete;
}

std::size_t ReplyFramer::announced_size() const noexcept {
  return position_ + line_searched_ + static_cast<std::size_t>(payload_left_);
}

void ReplyFramer::drop(std::size_t count) noexcept { position_ -= count; }

void ReplyFramer::reset() noexcept { *this = ReplyFramer(); }

}  // namespace slotgate
