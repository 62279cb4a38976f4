#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/command_table.h"

namespace slotgate::test {

/// Key specification with a fixed begin.
[[nodiscard]] KeySpec at_index(std::int32_t index, std::int32_t last_key = 0, std::int32_t step = 1,
                               std::int32_t limit = 0);
/// Key specification behind a keyword.
[[nodiscard]] KeySpec behind(const std::string& keyword, std::int32_t start,
                             std::int32_t last_key = 0, std::int32_t step = 1,
                             std::int32_t limit = 0);
/// Key specification with a count.
[[nodiscard]] KeySpec counted(std::int32_t index, std::int32_t keynum_index, std::int32_t first_key,
                              std::int32_t step = 1);

[[nodiscard]] CommandRow command_row(const std::string& name, std::vector<KeySpec> specs = {});
[[nodiscard]] CommandRow split_row(const std::string& name, Split split, std::uint8_t step);

/// The table of `rows`; a failing check and an empty table if they are refused.
[[nodiscard]] std::shared_ptr<const CommandTable> table_of(std::vector<CommandRow> rows);

/// A table with a command of every layout of keys that Redis and Valkey have.
[[nodiscard]] std::shared_ptr<const CommandTable> real_commands();

/// A framed request that keeps its bytes.
struct FramedRequest {
  std::string bytes;
  std::vector<Arg> args;

  [[nodiscard]] Bytes frame() const noexcept { return bytes_of(bytes); }
};

[[nodiscard]] FramedRequest framed(const std::vector<std::string>& args);

/// The words of `line`, separated by single blanks; "''" is an empty argument.
[[nodiscard]] std::vector<std::string> words(const std::string& line);

}  // namespace slotgate::test
