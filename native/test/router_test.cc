#include "core/router.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/crc16.h"
#include "test/check.h"
#include "test/commands.h"
#include "test/random.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

using std::string;

string decision(const string& line) {
  const auto table = real_commands();
  const FramedRequest request = framed(words(line));
  KeyPositions keys;
  const SlotDecision decided = decide_slot(*table->resolve(request.frame(), request.args),
                                           request.frame(), request.args, keys);
  switch (decided.verdict) {
    case SlotVerdict::kOneSlot:
      return std::to_string(decided.slot);
    case SlotVerdict::kNoKeys:
      return "none";
    case SlotVerdict::kManySlots:
      return "many";
  }
  return "";
}

/// All parts of a request, each with its slot and its frame; "refused" if there is no plan.
string parts_of(const Command& command, const std::vector<string>& args, SplitPlan& plan) {
  const FramedRequest request = framed(args);
  if (!plan_split(command, request.frame(), request.args, plan)) return "refused";
  string text;
  for (std::uint32_t part = 0; part < plan.parts.size(); ++part) {
    const std::uint32_t size = plan.parts[part].payload_bytes;
    string frame(size, '?');
    auto* const out = reinterpret_cast<std::uint8_t*>(frame.data());
    const std::uint8_t* const end =
        write_split_part(command, request.frame(), request.args, plan, part, out);
    CHECK_EQ(end - out, static_cast<std::ptrdiff_t>(size));
    text += std::to_string(plan.parts[part].slot) + " " + frame;
  }
  return text;
}

string parts_of(const string& line) {
  const auto table = real_commands();
  const std::vector<string> args = words(line);
  SplitPlan plan;
  return parts_of(*table->find(bytes_of(args[0])), args, plan);
}

/// The same by a map from slots to argument lists, in order of first appearance.
string naive_parts(const std::vector<string>& args, std::size_t step) {
  std::vector<std::uint16_t> order;
  std::map<std::uint16_t, std::vector<string>> by_slot;
  for (std::size_t i = 1; i < args.size(); i += step) {
    const std::uint16_t slot = slot_for_key(bytes_of(args[i]));
    std::vector<string>& part = by_slot[slot];
    if (part.empty()) {
      part.push_back(args[0]);
      order.push_back(slot);
    }
    for (std::size_t j = 0; j < step; ++j) part.push_back(args[i + j]);
  }
  string text;
  for (const std::uint16_t slot : order) {
    text += std::to_string(slot) + " " + multibulk(by_slot[slot]);
  }
  return text;
}

}  // namespace

TEST(slots_are_decided_by_keys) {
  CHECK_EQ(decision("get foo"), "12182");
  CHECK_EQ(decision("get"), "none");
  CHECK_EQ(decision("ping foo"), "none");
  CHECK_EQ(decision("mget foo {foo}1 {foo}2"), "12182");
  CHECK_EQ(decision("mget foo bar"), "many");
  CHECK_EQ(decision("rename foo {foo}1"), "12182");
  CHECK_EQ(decision("rename foo bar"), "many");
  CHECK_EQ(decision("eval s 0 foo"), "none");
  CHECK_EQ(decision("eval s 9 foo"), "none");
  CHECK_EQ(decision("eval s 1 foo bar"), "12182");
  CHECK_EQ(decision("object encoding foo"), "12182");
  CHECK_EQ(decision("sort foo store bar"), "many");
}

TEST(a_split_gives_one_request_per_slot) {
  const string foo = "12182 ";
  const string bar = "5061 ";
  CHECK_EQ(parts_of("mget foo bar {foo}1"),
           foo + multibulk({"mget", "foo", "{foo}1"}) + bar + multibulk({"mget", "bar"}));
  CHECK_EQ(parts_of("MSET foo 1 bar 2 foo 3"),
           "12182 " + multibulk({"MSET", "foo", "1", "foo", "3"}) + bar +
               multibulk({"MSET", "bar", "2"}));
  CHECK_EQ(parts_of("del foo foo"), foo + multibulk({"del", "foo", "foo"}));
  CHECK_EQ(parts_of("mset '' '' bar ''"),
           "0 " + multibulk({"mset", "", ""}) + bar + multibulk({"mset", "bar", ""}));
}

TEST(a_request_with_a_missing_value_is_refused) {
  CHECK_EQ(parts_of("mset foo"), "refused");
  CHECK_EQ(parts_of("mset foo 1 bar"), "refused");
  CHECK_EQ(parts_of("mset"), "refused");
  CHECK_EQ(parts_of("mget"), "refused");
}

TEST(every_key_knows_its_part) {
  const auto table = real_commands();
  SplitPlan plan;
  parts_of(*table->find(bytes_of("mget")), words("mget foo bar {foo}1 {bar}1 foo"), plan);
  CHECK(plan.part_of_key == (std::vector<std::uint32_t>{0, 1, 0, 1, 0}));
  CHECK_EQ(plan.parts.size(), 2U);
  CHECK_EQ(plan.parts[0].key_count, 3U);
  CHECK_EQ(plan.parts[1].key_count, 2U);
}

TEST(a_plan_is_reused_for_any_number_of_parts) {
  const auto table = real_commands();
  Random random(7);
  SplitPlan plan;
  for (const std::size_t keys : {1U, 40U, 2U, 33U, 32U, 31U, 5000U, 3U, 40000U, 34U}) {
    for (const std::size_t step : {1U, 2U}) {
      std::vector<string> args{step == 1 ? "del" : "mset"};
      for (std::size_t i = 0; i < keys; ++i) {
        args.push_back(std::to_string(random.below(keys * 2)));
        if (step == 2) args.push_back(random.bytes(random.below(200)));
      }
      CHECK(parts_of(*table->find(bytes_of(args[0])), args, plan) == naive_parts(args, step));
    }
  }
}

}  // namespace slotgate::test
