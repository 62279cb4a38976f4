#include "core/reply_substance.h"

#include <charconv>

namespace slotgate {

namespace {

/// What the first frame of a reply says.
enum class Says : std::uint8_t {
  kSomething,
  kNothing,
  kElements,  ///< the header of an aggregate: its elements say it
  kNoMore,    ///< the reply ends here, or in the middle of the frame
};

/// Takes "…\r\n" off the front; empty if there is no whole line.
std::string_view take_line(std::string_view& rest) noexcept {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return {};
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

std::int64_t number_in(std::string_view text) noexcept {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Says string_says(std::string_view header, std::string_view& rest) noexcept {
  const std::int64_t length = number_in(header);
  if (length > 1) return Says::kSomething;
  if (length < 0) return Says::kNothing;
  const std::size_t size = static_cast<std::size_t>(length) + 2;
  if (rest.size() < size) return Says::kNoMore;
  // The cursor of an iteration that found nothing.
  const bool is_zero = length == 1 && rest.front() == '0';
  rest.remove_prefix(size);
  return length == 0 || is_zero ? Says::kNothing : Says::kSomething;
}

Says next_says(std::string_view& rest) noexcept {
  const std::string_view line = take_line(rest);
  if (line.empty()) return Says::kNoMore;
  const std::string_view text = line.substr(1);
  switch (line.front()) {
    case '$':
    case '=':
      return string_says(text, rest);
    case ':':
    case '(':
      return text.front() == '-' || text == "0" ? Says::kNothing : Says::kSomething;
    case ',':
      return text == "0" || text == "-0" || text == "nan" ? Says::kNothing : Says::kSomething;
    case '+':
      return text == "none" ? Says::kNothing : Says::kSomething;
    case '#':
      return text == "t" ? Says::kSomething : Says::kNothing;
    case '*':
    case '%':
    case '~':
    case '|':
      return Says::kElements;
    default:  // null, errors
      return Says::kNothing;
  }
}

}  // namespace

bool has_substance(std::string_view reply) noexcept {
  for (;;) {
    switch (next_says(reply)) {
      case Says::kSomething:
        return true;
      case Says::kNoMore:
        return false;
      case Says::kNothing:
      case Says::kElements:
        break;
    }
  }
}

bool has_all_keys(Split split, std::size_t keys, std::string_view reply) noexcept {
  if (split == Split::kSum) {
    return reply.starts_with(':') &&
           number_in(take_line(reply).substr(1)) == static_cast<std::int64_t>(keys);
  }
  // Bytes within a value may look like a null, too: then the answer is only too careful.
  return split == Split::kArrayInOrder && reply.starts_with('*') &&
         reply.find("\r\n$-1\r\n") == std::string_view::npos &&
         reply.find("\r\n_\r\n") == std::string_view::npos;
}

}  // namespace slotgate
