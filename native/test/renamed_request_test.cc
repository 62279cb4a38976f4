#include "core/renamed_request.h"

#include "test/check.h"
#include "test/commands.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

CommandRow renamed(const std::string& name, const std::string& called, std::uint32_t flags = 0) {
  CommandRow row;
  row.name = name;
  row.flags = flags | kFlagRenamed;
  row.called = called;
  return row;
}

CommandRow named(const std::string& name) {
  CommandRow row;
  row.name = name;
  return row;
}

std::shared_ptr<const CommandTable> table() {
  std::string error;
  auto built = CommandTable::build(
      {renamed("config", "cfg", kFlagContainer), renamed("config|get", "cfg|get"),
       renamed("keys", ""), renamed("debug", "", kFlagContainer), renamed("debug|sleep", ""),
       renamed("get", "set"), renamed("set", "get"), renamed("incr", "keys"), named("del")},
      error);
  CHECK_EQ(error, "");
  return built;
}

/// What the table makes of a request: the command, then the request as servers know it.
std::string resolved(const std::vector<std::string>& words) {
  const auto commands = table();
  const std::string frame = multibulk(words);
  RequestFramer framer;
  CHECK(framer.next(bytes_of(frame).data, frame.size(), {}) == FrameStatus::kComplete);
  const Command* const command = commands->resolve(framer.frame(), framer.args());
  if (command == nullptr) return "unknown";
  RenamedRequest request;
  request.set(*command, framer.frame(), framer.args());
  std::vector<std::string> own;
  for (const Arg& arg : request.args()) {
    own.emplace_back(reinterpret_cast<const char*>(request.frame().data) + arg.offset, arg.length);
  }
  // The arguments are where the frame has them.
  CHECK_EQ(request.frame().text(), multibulk(own));
  std::string text = command->row->name + ":";
  for (const std::string& word : own) text += " " + word;
  CHECK(commands->resolve_own(request.frame(), request.args()) == command);
  return text;
}

TEST(a_renamed_command_is_found_by_its_new_name_only) {
  CHECK_EQ(resolved({"CFG", "GET", "maxmemory"}), "config|get: config GET maxmemory");
  CHECK_EQ(resolved({"cfg"}), "config: config");
  CHECK_EQ(resolved({"CONFIG", "GET", "maxmemory"}), "unknown");
  CHECK_EQ(resolved({"cfg", "set"}), "unknown");
}

TEST(a_hidden_command_is_not_found) {
  CHECK_EQ(resolved({"DEBUG"}), "unknown");
  CHECK_EQ(resolved({"debug", "sleep", "1"}), "unknown");
  CHECK_EQ(resolved({"\ndebug"}), "unknown");
  CHECK(table()->find(bytes_of("debug")) == nullptr);
  // Its name is free.
  CHECK_EQ(resolved({"keys", "a"}), "incr: incr a");
}

TEST(names_may_be_swapped) {
  CHECK_EQ(resolved({"set", "key"}), "get: get key");
  CHECK_EQ(resolved({"get", "key", "value with\r\n lines"}), "set: set key value with\r\n lines");
}

TEST(others_are_called_as_ever) { CHECK_EQ(resolved({"del", "a", ""}), "del: del a "); }

TEST(two_commands_may_not_be_called_alike) {
  std::string error;
  CHECK(CommandTable::build({renamed("get", "del"), named("del")}, error) == nullptr);
  CHECK_EQ(error, "command \"del\" is there twice");
  CHECK(CommandTable::build({renamed("get", "GET2")}, error) == nullptr);
}

}  // namespace
}  // namespace slotgate::test
