#include "core/command_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "core/command_build.h"

namespace slotgate {

std::shared_ptr<const CommandTable> CommandTable::build(std::vector<CommandRow> rows,
                                                        std::string& error) {
  if (rows.size() > std::numeric_limits<std::uint16_t>::max()) {
    error = "more than 65535 commands";
    return nullptr;
  }
  const std::shared_ptr<CommandTable> table(new CommandTable);
  table->rows_ = std::move(rows);
  std::vector<std::string_view> names;
  names.reserve(table->rows_.size());
  table->commands_.reserve(table->rows_.size());
  for (const CommandRow& row : table->rows_) {
    if (!check_row(row, error)) return nullptr;
    table->commands_.push_back(make_command(row, static_cast<std::uint16_t>(names.size())));
    names.push_back(row.name);
  }
  std::vector<std::string_view> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    error = "command \"" + std::string(*twice) + "\" is there twice";
    return nullptr;
  }
  if (!table->names_.build(names)) {
    error = "no perfect hash was found for the command names";
    return nullptr;
  }
  return table;
}

const Command* CommandTable::find(Bytes name) const noexcept {
  const std::uint16_t number = names_.find(name);
  return number == NameIndex::kNotFound ? nullptr : &commands_[number];
}

const Command* CommandTable::resolve(Bytes frame, const std::vector<Arg>& args) const noexcept {
  const Bytes name{frame.data + args[0].offset, args[0].length};
  const Command* const command = find(name);
  if (command == nullptr || (command->flags & kFlagContainer) == 0 || args.size() < 2) {
    return command;
  }
  const Arg sub = args[1];
  std::array<std::uint8_t, kNameBytesMax> joined;
  const std::size_t size = name.size + 1 + sub.length;
  if (size > joined.size()) return nullptr;
  std::memcpy(joined.data(), name.data, name.size);
  joined[name.size] = '|';
  std::memcpy(joined.data() + name.size + 1, frame.data + sub.offset, sub.length);
  return find({joined.data(), size});
}

}  // namespace slotgate
