#include "core/command_build.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace slotgate {
namespace {

constexpr std::int32_t kPositionMax = std::numeric_limits<std::uint16_t>::max();

/// Keys at regular positions: from `first` to `last` (negative: from the end), every `step`.
struct KeyRange {
  std::int32_t first;
  std::int32_t last;
  std::int32_t step;
};

bool is_unknown(const KeySpec& spec) noexcept {
  return spec.begin == KeySpec::Begin::kUnknown || spec.find == KeySpec::Find::kUnknown;
}

bool has_upper_case(std::string_view name) noexcept {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool in_range(std::int32_t value, std::int32_t low, std::int32_t high) noexcept {
  return value >= low && value <= high;
}

std::optional<KeyRange> range_of(const KeySpec& spec) noexcept {
  if (spec.begin != KeySpec::Begin::kIndex || spec.find != KeySpec::Find::kRange) return {};
  if (spec.last_key < 0 && spec.limit > 1) return {};
  const std::int32_t last = spec.last_key < 0 ? spec.last_key : spec.begin_index + spec.last_key;
  return KeyRange{spec.begin_index, last, spec.key_step};
}

/// The two ranges as one, if the second goes on where the first ends (source and destination).
std::optional<KeyRange> join(const KeyRange& left, const KeyRange& right) noexcept {
  const bool left_dense = left.first == left.last || left.step == 1;
  const bool right_dense = right.first == right.last || right.step == 1;
  if (left.last < 0 || right.first != left.last + 1 || !left_dense || !right_dense) return {};
  return KeyRange{left.first, right.last, 1};
}

std::optional<KeyRange> range_of(const std::vector<KeySpec>& specs) noexcept {
  std::optional<KeyRange> all = range_of(specs.front());
  for (std::size_t i = 1; i < specs.size() && all; ++i) {
    const std::optional<KeyRange> next = range_of(specs[i]);
    all = next ? join(*all, *next) : std::nullopt;
  }
  return all;
}

const char* spec_fault(const KeySpec& spec) noexcept {
  if (is_unknown(spec)) return nullptr;
  if (spec.begin == KeySpec::Begin::kIndex && !in_range(spec.begin_index, 1, kPositionMax)) {
    return "a key specification begins outside of 1 to 65535";
  }
  if (spec.begin == KeySpec::Begin::kKeyword) {
    if (spec.keyword.empty()) return "a key specification has no keyword";
    if (spec.begin_index == 0 || !in_range(spec.begin_index, -kPositionMax, kPositionMax)) {
      return "a keyword search starts outside of 1 to 65535 or -65535 to -1";
    }
  }
  if (!in_range(spec.key_step, 1, kPositionMax)) return "a key step is outside of 1 to 65535";
  if (!in_range(spec.last_key, -kPositionMax, kPositionMax)) return "a last key is out of range";
  if (!in_range(spec.limit, 0, kPositionMax)) return "a key limit is outside of 0 to 65535";
  if (!in_range(spec.keynum_index, 0, kPositionMax) || !in_range(spec.first_key, 0, kPositionMax)) {
    return "a key count is outside of 0 to 65535";
  }
  return nullptr;
}

/// A split command is its name, then keys to the end, each followed by its values.
bool can_split(const CommandRow& row) noexcept {
  if (row.key_specs.size() != 1 || !in_range(row.split_step, 1, 2)) return false;
  const std::optional<KeyRange> range = range_of(row.key_specs);
  return range && range->first == 1 && range->last == -1 && range->step == row.split_step;
}

const char* row_fault(const CommandRow& row) noexcept {
  if (row.name.empty()) return "the name is empty";
  if (row.name.size() > CommandTable::kNameBytesMax) return "the name is longer than 128 bytes";
  if (has_upper_case(row.name)) return "the name is not in lower case";
  if (row.called.size() > CommandTable::kNameBytesMax || has_upper_case(row.called))
    return "what it is called is longer than 128 bytes, or not in lower case";
  if (!in_range(row.arity, std::numeric_limits<std::int16_t>::min(),
                std::numeric_limits<std::int16_t>::max())) {
    return "the arity does not fit 16 bits";
  }
  for (const KeySpec& spec : row.key_specs) {
    const char* const fault = spec_fault(spec);
    if (fault != nullptr) return fault;
  }
  if (row.split != Split::kNone && !can_split(row)) {
    return "it is split, but its keys are not all arguments in steps of the split";
  }
  if ((row.flags & kFlagBlocksWithToken) != 0 && row.block_token.empty()) {
    return "it blocks with a token, but has no token";
  }
  if ((row.route == RouteBy::kPubSub) != (row.pubsub != PubSubAction::kNone)) {
    return "what it does in pub/sub and who answers it do not fit";
  }
  return nullptr;
}

void set_shape(const CommandRow& row, Command& command) noexcept {
  if (row.key_specs.empty()) return;
  command.shape = KeyShape::kGeneral;
  const std::optional<KeyRange> range = range_of(row.key_specs);
  if (!range) return;
  command.shape = range->first == range->last ? KeyShape::kOne : KeyShape::kRange;
  command.first_key = static_cast<std::uint16_t>(range->first);
  command.last_key = range->last;
  command.key_step = static_cast<std::uint16_t>(range->step);
}

/// Fewest words, the name included, of a request that fits `arity`.
std::int32_t words_least(std::int32_t arity) noexcept { return arity < 0 ? -arity : arity; }

/// What the hot path takes without a question: its key is there whenever the arity fits.
bool is_plain(const Command& command) noexcept {
  constexpr std::uint32_t kNotPlain = kFlagConnectionState | kFlagContainer | kFlagBlocking |
                                      kFlagBlocksWithToken | kFlagKeysUnknown | kFlagRunsBody |
                                      kFlagRunsDigest | kFlagRenamed;
  return command.route == RouteBy::kKeys && command.shape == KeyShape::kOne &&
         command.barrier == Barrier::kNone && (command.flags & kNotPlain) == 0 &&
         words_least(command.arity) > command.first_key;
}

}  // namespace

bool check_row(const CommandRow& row, std::string& error) {
  const char* const fault = row_fault(row);
  if (fault != nullptr) error = "command \"" + row.name + "\": " + fault;
  return fault == nullptr;
}

Command make_command(const CommandRow& row, std::uint16_t id) noexcept {
  Command command;
  command.id = id;
  command.arity = static_cast<std::int16_t>(row.arity);
  command.flags = row.flags;
  if (row.name.find('|') != std::string::npos) command.flags |= kFlagSubcommand;
  command.route = row.route;
  command.local = row.local;
  command.split = row.split;
  command.barrier = row.barrier;
  command.pubsub = row.pubsub;
  command.family = row.family;
  command.split_step = row.split_step;
  command.row = &row;
  set_shape(row, command);
  command.plain = is_plain(command);
  return command;
}

}  // namespace slotgate
