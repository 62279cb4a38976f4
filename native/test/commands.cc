#include "test/commands.h"

#include <cstdlib>
#include <sstream>
#include <utility>

#include "test/check.h"
#include "test/wire.h"

namespace slotgate::test {

KeySpec at_index(std::int32_t index, std::int32_t last_key, std::int32_t step,
                 std::int32_t limit) {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kIndex;
  spec.begin_index = index;
  spec.find = KeySpec::Find::kRange;
  spec.last_key = last_key;
  spec.key_step = step;
  spec.limit = limit;
  return spec;
}

KeySpec behind(const std::string& keyword, std::int32_t start, std::int32_t last_key,
               std::int32_t step, std::int32_t limit) {
  KeySpec spec = at_index(start, last_key, step, limit);
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = keyword;
  return spec;
}

KeySpec counted(std::int32_t index, std::int32_t keynum_index, std::int32_t first_key,
                std::int32_t step) {
  KeySpec spec = at_index(index, 0, step);
  spec.find = KeySpec::Find::kKeynum;
  spec.keynum_index = keynum_index;
  spec.first_key = first_key;
  return spec;
}

CommandRow command_row(const std::string& name, std::vector<KeySpec> specs) {
  CommandRow row;
  row.name = name;
  row.key_specs = std::move(specs);
  return row;
}

CommandRow split_row(const std::string& name, Split split, std::uint8_t step) {
  CommandRow row = command_row(name, {at_index(1, -1, step)});
  row.split = split;
  row.split_step = step;
  return row;
}

std::shared_ptr<const CommandTable> table_of(std::vector<CommandRow> rows) {
  std::string error;
  auto table = CommandTable::build(std::move(rows), error);
  CHECK_EQ(error, "");
  return table != nullptr ? table : CommandTable::build({}, error);
}

std::shared_ptr<const CommandTable> real_commands() {
  KeySpec unknown;
  CommandRow sort_ro = command_row("sort_ro", {at_index(1), unknown});
  sort_ro.flags = kFlagKeysUnknown;
  CommandRow object = command_row("object");
  object.flags = kFlagContainer;
  return table_of({
      command_row("ping"),
      command_row("get", {at_index(1)}),
      split_row("mget", Split::kArrayInOrder, 1),
      split_row("del", Split::kSum, 1),
      split_row("mset", Split::kAllOk, 2),
      command_row("msetnx", {at_index(1, -1, 2)}),
      command_row("blpop", {at_index(1, -2)}),
      command_row("rename", {at_index(1), at_index(2)}),
      command_row("sdiffstore", {at_index(1), at_index(2, -1)}),
      command_row("bitop", {at_index(2), at_index(3, -1)}),
      object,
      command_row("object|encoding", {at_index(2)}),
      command_row("eval", {counted(2, 0, 1)}),
      command_row("zunionstore", {at_index(1), counted(2, 0, 1)}),
      command_row("lmpop", {counted(1, 0, 1)}),
      command_row("blmpop", {counted(2, 0, 1)}),
      command_row("msetex", {counted(1, 0, 1, 2)}),
      command_row("xread", {behind("STREAMS", 1, -1, 1, 2)}),
      command_row("xreadgroup", {behind("STREAMS", 4, -1, 1, 2)}),
      command_row("sort", {at_index(1), behind("STORE", 2)}),
      sort_ro,
      command_row("georadius", {at_index(1), behind("STORE", 6), behind("STOREDIST", 6)}),
      command_row("migrate", {at_index(3), behind("KEYS", -2, -1)}),
      command_row("json.debug", {behind("MEMORY", 1)}),
  });
}

FramedRequest framed(const std::vector<std::string>& args) {
  FramedRequest request{multibulk(args), {}};
  RequestFramer framer;
  const Bytes bytes = request.frame();
  if (framer.next(bytes.data, bytes.size, RequestLimits()) != FrameStatus::kComplete) std::abort();
  request.args = framer.args();
  return request;
}

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> all;
  std::istringstream stream(line);
  std::string word;
  while (stream >> word) all.push_back(word == "''" ? "" : word);
  return all;
}

}  // namespace slotgate::test
