#include <algorithm>
#include <cstring>

#include "core/decimal.h"
#include "core/router.h"
#include "core/word.h"

namespace slotgate {
namespace {

/// Positions are small (a request has at most 2^32 arguments, a specification adds 65535), so that
/// 64 signed bits cannot overflow below.
using Position = std::int64_t;

struct Request {
  Bytes frame;
  const std::vector<Arg>& args;

  [[nodiscard]] Position size() const noexcept { return static_cast<Position>(args.size()); }
  [[nodiscard]] Bytes arg(Position position) const noexcept {
    const Arg arg = args[static_cast<std::size_t>(position)];
    return {frame.data + arg.offset, arg.length};
  }
};

/// Appends the positions first, first + step, … up to last; false if they are not all arguments.
bool append_range(Position first, Position last, Position step, Position size,
                  KeyPositions& keys) noexcept {
  if (first < 1 || last < first || last >= size) return false;
  const std::size_t before = keys.indexes.size();
  keys.indexes.resize(before + static_cast<std::size_t>((last - first) / step + 1));
  std::uint32_t* index = keys.indexes.data() + before;
  for (Position position = first; position <= last; position += step) {
    *index++ = static_cast<std::uint32_t>(position);
  }
  return true;
}

bool append_counted(const KeySpec& spec, const Request& request, Position begin,
                    KeyPositions& keys) noexcept {
  const Position count_at = begin + spec.keynum_index;
  std::int64_t count = 0;
  if (count_at >= request.size() || !parse_decimal(request.arg(count_at), count)) return false;
  if (count < 0 || count > request.size()) return false;
  if (count == 0) return true;
  const Position first = begin + spec.first_key;
  return append_range(first, first + (count - 1) * spec.key_step, spec.key_step, request.size(),
                      keys);
}

bool append_found(const KeySpec& spec, const Request& request, Position begin,
                  KeyPositions& keys) noexcept {
  if (spec.find == KeySpec::Find::kKeynum) return append_counted(spec, request, begin, keys);
  Position last = begin + spec.last_key;
  if (spec.last_key < 0) {
    last = spec.limit > 1 ? begin + (request.size() - begin) / spec.limit + spec.last_key
                          : request.size() + spec.last_key;
  }
  return append_range(begin, last, spec.key_step, request.size(), keys);
}

bool equals_keyword(Bytes arg, const std::string& keyword) noexcept {
  if (arg.size != keyword.size()) return false;
  for (std::size_t i = 0; i < arg.size; ++i) {
    if (fold_case(arg.data[i]) != fold_case(static_cast<std::uint8_t>(keyword[i]))) return false;
  }
  return true;
}

/// A keyword needs something behind it: the last argument is never taken for one. An option with
/// one key (SORT … STORE key) may be given several times and the server takes the last, so the key
/// of each is collected. A keyword that is not there gives no keys.
bool append_behind_keyword(const KeySpec& spec, const Request& request,
                           KeyPositions& keys) noexcept {
  const Position last = request.size() - 1;
  const bool one_key = spec.find == KeySpec::Find::kRange && spec.last_key == 0;
  if (spec.begin_index < 0) {
    for (Position i = std::min(last - 1, request.size() + spec.begin_index); i > 0; --i) {
      if (!equals_keyword(request.arg(i), spec.keyword)) continue;
      return append_found(spec, request, i + 1, keys);
    }
    return true;
  }
  for (Position i = spec.begin_index; i < last; ++i) {
    if (!equals_keyword(request.arg(i), spec.keyword)) continue;
    if (!append_found(spec, request, i + 1, keys)) return false;
    if (!one_key) return true;
    ++i;
  }
  return true;
}

bool collect_by_specs(const CommandRow& row, const Request& request, KeyPositions& keys) noexcept {
  for (const KeySpec& spec : row.key_specs) {
    // The row's flag kFlagKeysUnknown tells the caller that there may be more keys.
    if (spec.begin == KeySpec::Begin::kUnknown || spec.find == KeySpec::Find::kUnknown) continue;
    const bool fits = spec.begin == KeySpec::Begin::kIndex
                          ? append_found(spec, request, spec.begin_index, keys)
                          : append_behind_keyword(spec, request, keys);
    if (!fits) return false;
  }
  return true;
}

}  // namespace

bool collect_keys(const Command& command, Bytes frame, const std::vector<Arg>& args,
                  KeyPositions& keys) noexcept {
  keys.indexes.clear();
  const auto size = static_cast<Position>(args.size());
  switch (command.shape) {
    case KeyShape::kNone:
      return true;
    case KeyShape::kOne:
    case KeyShape::kRange: {
      const Position last = command.last_key < 0 ? size + command.last_key : command.last_key;
      return append_range(command.first_key, last, command.key_step, size, keys);
    }
    case KeyShape::kGeneral:
      break;
  }
  return collect_by_specs(*command.row, {frame, args}, keys);
}

}  // namespace slotgate
