#include "core/command_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "core/command_build.h"

namespace slotgate {

namespace {

bool index_names(const std::vector<std::string_view>& names, NameIndex& index, std::string& error) {
  std::vector<std::string_view> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    error = "command \"" + std::string(*twice) + "\" is there twice";
    return false;
  }
  if (!index.build(names)) {
    error = "no perfect hash was found for the command names";
    return false;
  }
  return true;
}

}  // namespace

std::shared_ptr<const CommandTable> CommandTable::build(std::vector<CommandRow> rows,
                                                        std::string& error) {
  if (rows.size() > std::numeric_limits<std::uint16_t>::max()) {
    error = "more than 65535 commands";
    return nullptr;
  }
  const std::shared_ptr<CommandTable> table(new CommandTable);
  table->rows_ = std::move(rows);
  std::vector<std::string_view> names;
  std::vector<std::string_view> called;
  table->commands_.reserve(table->rows_.size());
  for (CommandRow& row : table->rows_) {
    if (!check_row(row, error)) return nullptr;
    // It keeps its place, under a name of its own that is never looked up with success.
    if ((row.flags & kFlagRenamed) != 0 && row.called.empty()) row.called = kHidden + row.name;
    table->commands_.push_back(make_command(row, static_cast<std::uint16_t>(names.size())));
    names.push_back(row.name);
    called.push_back(row.called.empty() ? row.name : row.called);
  }
  if (!index_names(names, table->names_, error) || !index_names(called, table->called_, error))
    return nullptr;
  return table;
}

const Command* CommandTable::found(const NameIndex& index, Bytes name) const noexcept {
  const std::uint16_t number = index.find(name);
  return number == NameIndex::kNotFound ? nullptr : &commands_[number];
}

const Command* CommandTable::resolved(const NameIndex& index, Bytes frame,
                                      const std::vector<Arg>& args) const noexcept {
  const Bytes name{frame.data + args[0].offset, args[0].length};
  const Command* const command = found(index, name);
  constexpr std::uint32_t kSpecial = kFlagContainer | kFlagRenamed | kFlagSubcommand;
  if (command == nullptr || (command->flags & kSpecial) == 0) return command;
  // "CONFIG|GET" as one word is no command, to a server either.
  if ((command->flags & kFlagSubcommand) != 0) return nullptr;
  if (&index == &called_ && is_hidden(*command)) return nullptr;
  if ((command->flags & kFlagContainer) == 0 || args.size() < 2) return command;
  const Arg sub = args[1];
  std::array<std::uint8_t, kNameBytesMax> joined;
  const std::size_t size = name.size + 1 + sub.length;
  if (size > joined.size()) return nullptr;
  std::memcpy(joined.data(), name.data, name.size);
  joined[name.size] = '|';
  std::memcpy(joined.data() + name.size + 1, frame.data + sub.offset, sub.length);
  return found(index, {joined.data(), size});
}

}  // namespace slotgate
