#include "core/inline_request.h"

#include <cstring>

#include "core/decimal.h"

namespace slotgate {
namespace {

bool is_blank(std::uint8_t byte) noexcept { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// A vertical tab or form feed separates arguments, but does not end one.
bool ends_argument(std::uint8_t byte) noexcept {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/// Value of a hexadecimal digit, or -1.
int hex_value(std::uint8_t byte) noexcept {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

std::uint8_t unescape(std::uint8_t byte) noexcept {
  switch (byte) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return byte;
  }
}

/// Reads the arguments of one line one after the other.
class LineSplitter {
 public:
  explicit LineSplitter(Bytes line) noexcept : line_(line) {}

  /// Moves to the next argument; false at the end of the line.
  bool skip_blanks() noexcept {
    while (position_ < line_.size && is_blank(line_.data[position_])) ++position_;
    return position_ < line_.size;
  }

  /// Appends the argument at the present position to `out`; false if a quote is not closed well.
  bool read_argument(std::vector<std::uint8_t>& out) {
    while (position_ < line_.size) {
      const std::uint8_t byte = line_.data[position_];
      if (ends_argument(byte)) return true;
      ++position_;
      if (byte == '"') return read_double_quoted(out);
      if (byte == '\'') return read_single_quoted(out);
      out.push_back(byte);
    }
    return true;
  }

 private:
  /// The byte `ahead` of the present position, or 0 behind the end.
  [[nodiscard]] std::uint8_t peek(std::size_t ahead) const noexcept {
    return position_ + ahead < line_.size ? line_.data[position_ + ahead] : std::uint8_t{0};
  }

  [[nodiscard]] bool closed_well() const noexcept {
    return position_ == line_.size || is_blank(line_.data[position_]);
  }

  bool read_double_quoted(std::vector<std::uint8_t>& out) {
    while (position_ < line_.size) {
      const std::uint8_t byte = line_.data[position_++];
      if (byte == '"') return closed_well();
      if (byte != '\\' || position_ == line_.size) {
        out.push_back(byte);
        continue;
      }
      const int high = hex_value(peek(1));
      const int low = hex_value(peek(2));
      if (peek(0) == 'x' && high >= 0 && low >= 0) {
        out.push_back(static_cast<std::uint8_t>(high * 16 + low));
        position_ += 3;
      } else {
        out.push_back(unescape(line_.data[position_++]));
      }
    }
    return false;
  }

  bool read_single_quoted(std::vector<std::uint8_t>& out) {
    while (position_ < line_.size) {
      const std::uint8_t byte = line_.data[position_++];
      if (byte == '\'') return closed_well();
      if (byte == '\\' && peek(0) == '\'') {
        out.push_back('\'');
        ++position_;
      } else {
        out.push_back(byte);
      }
    }
    return false;
  }

  Bytes line_;
  std::size_t position_ = 0;
};

}  // namespace

bool encode_inline_request(Bytes line, std::vector<std::uint8_t>& frame, std::vector<Arg>& args) {
  constexpr std::size_t kLengthLineMax = 13;
  std::vector<std::uint8_t> text;
  args.clear();
  LineSplitter splitter(line);
  while (splitter.skip_blanks()) {
    const auto begin = static_cast<std::uint32_t>(text.size());
    if (!splitter.read_argument(text)) return false;
    args.push_back({begin, static_cast<std::uint32_t>(text.size()) - begin});
  }
  frame.resize(text.size() + (args.size() + 1) * (kLengthLineMax + 2));
  std::uint8_t* out =
      write_length_line(frame.data(), '*', static_cast<std::uint32_t>(args.size()));
  for (Arg& arg : args) {
    out = write_length_line(out, '$', arg.length);
    const std::uint8_t* const payload = text.data() + arg.offset;
    arg.offset = static_cast<std::uint32_t>(out - frame.data());
    if (arg.length != 0) std::memcpy(out, payload, arg.length);
    out += arg.length;
    *out++ = '\r';
    *out++ = '\n';
  }
  frame.resize(static_cast<std::size_t>(out - frame.data()));
  return true;
}

}  // namespace slotgate
