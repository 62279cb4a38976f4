#include "core/command_table.h"

#include <set>
#include <string>
#include <vector>

#include "test/check.h"
#include "test/commands.h"
#include "test/random.h"

namespace slotgate::test {
namespace {

using std::string;

string upper(string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return text;
}

string name_of(const Command* command) { return command == nullptr ? "none" : command->row->name; }

/// Finds every name in both cases, and none of their neighbours.
void check_finds_exactly(const std::set<string>& names) {
  std::vector<CommandRow> rows;
  for (const string& name : names) rows.push_back(command_row(name));
  const auto table = table_of(rows);
  CHECK_EQ(table->size(), names.size());
  for (const string& name : names) {
    CHECK_EQ(name_of(table->find(bytes_of(name))), name);
    CHECK_EQ(name_of(table->find(bytes_of(upper(name)))), name);
    for (std::size_t i = 0; i < name.size(); ++i) {
      string other = name;
      other[i] = static_cast<char>(other[i] ^ 1);
      if (!names.contains(other)) CHECK_EQ(name_of(table->find(bytes_of(other))), "none");
    }
    for (const string& other : {name + "x", name + string(1, '\0'), name.substr(1),
                                name.substr(0, name.size() - 1)}) {
      if (!names.contains(other)) CHECK_EQ(name_of(table->find(bytes_of(other))), "none");
    }
  }
}

string random_name(Random& random, std::size_t size_max) {
  constexpr std::string_view kBytes = "abcdefghijklmnopqrstuvwxyz0123456789-._|";
  string name(1 + random.below(size_max), 'x');
  for (char& c : name) c = kBytes[random.below(kBytes.size())];
  return name;
}

string fault_of(CommandRow row) {
  string error;
  const bool refused = CommandTable::build({std::move(row)}, error) == nullptr;
  CHECK(refused);
  return error;
}

string resolved(const CommandTable& table, const string& line) {
  const FramedRequest request = framed(words(line));
  return name_of(table.resolve(request.frame(), request.args));
}

}  // namespace

TEST(every_name_is_found_and_no_other) {
  Random random(6);
  for (const std::size_t count : {1U, 2U, 3U, 10U, 400U, 5000U}) {
    std::set<string> names;
    while (names.size() < count) names.insert(random_name(random, 30));
    check_finds_exactly(names);
  }
}

TEST(names_that_differ_in_the_middle_only_are_found) {
  std::set<string> names;
  for (int i = 0; i < 300; ++i) {
    const string number = std::to_string(i);
    names.insert("container|" + number + "subcommand");
    names.insert("same-head-" + string(3 - number.size(), '0') + number + "-and-the-same-tail");
  }
  check_finds_exactly(names);
}

TEST(a_full_table_has_a_perfect_hash) {
  std::vector<CommandRow> rows;
  for (int i = 0; i < 65535; ++i) rows.push_back(command_row("module." + std::to_string(i)));
  const auto table = table_of(rows);
  CHECK_EQ(table->size(), 65535U);
  for (int i = 0; i < 65535; i += 257) {
    const string name = "MODULE." + std::to_string(i);
    const Command* const command = table->find(bytes_of(name));
    CHECK(command != nullptr && command->id == i && &table->at(command->id) == command);
  }
  rows.push_back(command_row("one.more"));
  string error;
  CHECK(CommandTable::build(rows, error) == nullptr);
  CHECK_EQ(error, "more than 65535 commands");
}

TEST(an_empty_table_finds_nothing) {
  const auto table = table_of({});
  CHECK(table->find(bytes_of("get")) == nullptr);
  CHECK(real_commands()->find(Bytes{}) == nullptr);
}

TEST(containers_are_resolved) {
  const auto table = real_commands();
  CHECK_EQ(resolved(*table, "GeT k"), "get");
  CHECK_EQ(resolved(*table, "nosuch k"), "none");
  CHECK_EQ(resolved(*table, "OBJECT encoding k"), "object|encoding");
  CHECK_EQ(resolved(*table, "object ENCODING k"), "object|encoding");
  CHECK_EQ(resolved(*table, "object nosuch k"), "none");
  CHECK_EQ(resolved(*table, "object|encoding k"), "none");
  CHECK_EQ(resolved(*table, "object " + string(1000, 'x')), "none");
  CHECK_EQ(resolved(*table, "object ''"), "none");
  CHECK_EQ(resolved(*table, "object"), "object");
  CHECK_EQ(resolved(*table, "''"), "none");
}

TEST(bad_rows_are_named) {
  CHECK_EQ(fault_of(command_row("")), "command \"\": the name is empty");
  CHECK_EQ(fault_of(command_row("Get")), "command \"Get\": the name is not in lower case");
  CHECK_EQ(fault_of(command_row(string(129, 'x'))).substr(138),
           "\": the name is longer than 128 bytes");
  CHECK_EQ(fault_of(command_row("x", {at_index(0)})),
           "command \"x\": a key specification begins outside of 1 to 65535");
  CHECK_EQ(fault_of(command_row("x", {at_index(1, -1, 0)})),
           "command \"x\": a key step is outside of 1 to 65535");
  CHECK_EQ(fault_of(command_row("x", {behind("", 1)})),
           "command \"x\": a key specification has no keyword");
  CHECK_EQ(fault_of(command_row("x", {behind("K", 0)})),
           "command \"x\": a keyword search starts outside of 1 to 65535 or -65535 to -1");
  CHECK_EQ(fault_of(command_row("x", {at_index(1, 70000)})),
           "command \"x\": a last key is out of range");
  CHECK_EQ(fault_of(command_row("x", {at_index(1, -1, 1, -1)})),
           "command \"x\": a key limit is outside of 0 to 65535");
  CHECK_EQ(fault_of(command_row("x", {counted(1, -1, 1)})),
           "command \"x\": a key count is outside of 0 to 65535");
  const string not_split =
      "command \"x\": it is split, but its keys are not all arguments in steps of the split";
  CHECK_EQ(fault_of(split_row("x", Split::kSum, 3)), not_split);
  CommandRow blpop = split_row("x", Split::kSum, 1);
  blpop.key_specs = {at_index(1, -2)};
  CHECK_EQ(fault_of(blpop), not_split);
  CommandRow late = split_row("x", Split::kSum, 1);
  late.key_specs = {at_index(2, -1)};
  CHECK_EQ(fault_of(late), not_split);
  CommandRow token = command_row("x");
  token.flags = kFlagBlocksWithToken;
  CHECK_EQ(fault_of(token), "command \"x\": it blocks with a token, but has no token");
  CommandRow arity = command_row("x");
  arity.arity = 40000;
  CHECK_EQ(fault_of(arity), "command \"x\": the arity does not fit 16 bits");
  string error;
  CHECK(CommandTable::build({command_row("x"), command_row("y"), command_row("x")}, error) ==
        nullptr);
  CHECK_EQ(error, "command \"x\" is there twice");
}

TEST(shapes_are_as_simple_as_the_keys) {
  const auto table = real_commands();
  const auto shape = [&](const char* name) {
    const Command* const command = table->find(bytes_of(name));
    return command->shape;
  };
  CHECK(shape("ping") == KeyShape::kNone);
  CHECK(shape("get") == KeyShape::kOne);
  CHECK(shape("object|encoding") == KeyShape::kOne);
  CHECK(shape("mset") == KeyShape::kRange);
  CHECK(shape("blpop") == KeyShape::kRange);
  CHECK(shape("rename") == KeyShape::kRange);
  CHECK(shape("sdiffstore") == KeyShape::kRange);
  CHECK(shape("bitop") == KeyShape::kRange);
  CHECK(shape("zunionstore") == KeyShape::kGeneral);
  CHECK(shape("sort") == KeyShape::kGeneral);
  CHECK(shape("sort_ro") == KeyShape::kGeneral);
  CHECK(shape("xread") == KeyShape::kGeneral);
}

TEST(only_commands_that_need_nothing_but_a_slot_are_plain) {
  const auto is_plain = [](auto change) {
    CommandRow row = command_row("x", {at_index(1)});
    row.arity = -2;
    change(row);
    return table_of({row})->at(0).plain;
  };
  CHECK(is_plain([](CommandRow& row) { row.flags = kFlagWrite; }));
  CHECK(is_plain([](CommandRow& row) { row.flags = kFlagReadonly | kFlagNotKey; }));
  // Its key might be missing.
  CHECK(!is_plain([](CommandRow& row) { row.arity = -1; }));
  CHECK(!is_plain([](CommandRow& row) { row.flags = kFlagConnectionState; }));
  CHECK(!is_plain([](CommandRow& row) { row.flags = kFlagBlocking; }));
  CHECK(!is_plain([](CommandRow& row) { row.flags = kFlagContainer; }));
  CHECK(!is_plain([](CommandRow& row) { row.flags = kFlagKeysUnknown; }));
  CHECK(!is_plain([](CommandRow& row) {
    row.flags = kFlagBlocksWithToken;
    row.block_token = "BLOCK";
  }));
  CHECK(!is_plain([](CommandRow& row) { row.barrier = Barrier::kStop; }));
  CHECK(!is_plain([](CommandRow& row) { row.route = RouteBy::kControl; }));
  CHECK(!is_plain([](CommandRow& row) { row.key_specs.clear(); }));
  CHECK(!is_plain([](CommandRow& row) { row.key_specs = {at_index(1, -1)}; }));
}

TEST(arity_is_checked) {
  CHECK(arity_fits(2, 2));
  CHECK(!arity_fits(2, 1));
  CHECK(!arity_fits(2, 3));
  CHECK(arity_fits(-2, 2));
  CHECK(arity_fits(-2, 200));
  CHECK(!arity_fits(-2, 1));
  CHECK(arity_fits(0, 1));
}

}  // namespace slotgate::test
