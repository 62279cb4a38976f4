#include <string>
#include <vector>

#include "core/router.h"
#include "test/check.h"
#include "test/commands.h"

namespace slotgate::test {
namespace {

using std::string;

/// The keys of a request by their text, or "refused".
string keys_of(const CommandTable& table, const std::vector<string>& args) {
  const FramedRequest request = framed(args);
  const Command* const command = table.resolve(request.frame(), request.args);
  KeyPositions keys;
  if (!collect_keys(*command, request.frame(), request.args, keys)) return "refused";
  string text;
  for (const std::uint32_t index : keys.indexes) {
    text += (text.empty() ? "" : " ") + (args[index].empty() ? "''" : args[index]);
  }
  return text;
}

struct Case {
  string request;
  string keys;
};

void check_cases(const std::vector<Case>& cases) {
  const auto table = real_commands();
  for (const Case& c : cases) {
    CHECK_EQ(c.request + " -> " + keys_of(*table, words(c.request)), c.request + " -> " + c.keys);
  }
}

}  // namespace

TEST(keys_at_fixed_places) {
  check_cases({
      {"ping", ""},
      {"ping k", ""},
      {"get k", "k"},
      {"get", "refused"},
      {"mget a b c", "a b c"},
      {"mget", "refused"},
      {"mset a 1 b 2", "a b"},
      {"msetnx a 1 b 2", "a b"},
      {"blpop a b 0", "a b"},
      {"blpop a", "refused"},
      {"rename a b", "a b"},
      {"rename a", "refused"},
      {"sdiffstore d a b", "d a b"},
      {"bitop and d a b", "d a b"},
      {"object encoding k", "k"},
  });
}

TEST(counted_keys) {
  check_cases({
      {"eval s 2 a b c", "a b"},
      {"eval s 0 a", ""},
      {"eval s 0", ""},
      {"eval s 3 a b", "refused"},
      {"eval s -1 a", "refused"},
      {"eval s x a", "refused"},
      {"eval s 01 a", "refused"},
      {"eval s 9223372036854775807 a", "refused"},
      {"eval s 99999999999999999999 a", "refused"},
      {"eval s", "refused"},
      {"eval s 1", "refused"},
      {"zunionstore d 2 a b weights 1 2", "d a b"},
      {"zunionstore d 3 a b", "refused"},
      {"lmpop 2 a b left", "a b"},
      {"blmpop 0.5 2 a b left", "a b"},
      {"msetex 2 a 1 b 2 ex 10", "a b"},
      {"msetex 3 a 1 b 2", "refused"},
  });
}

TEST(keys_behind_keywords) {
  check_cases({
      {"xread count 2 streams a b 0 0", "a b"},
      {"xread STREAMS a 0", "a"},
      {"xread block 0 Streams a b c 0 0 0", "a b c"},
      {"xread streams streams 0", "streams"},
      {"xread streams a b 0", "a"},
      {"xread streams a", "refused"},
      {"xread streams", ""},
      {"xread count 2", ""},
      {"xreadgroup group streams c streams a 0", "a"},
      {"sort a", "a"},
      {"sort a by x get y store d", "a d"},
      {"sort a STORE d", "a d"},
      {"sort a store d store e", "a d e"},
      {"sort a store store", "a store"},
      {"sort a by store", "a"},
      {"sort store alpha", "store"},
      {"sort_ro a by x", "a"},
      {"georadius a 1 2 3 km", "a"},
      {"georadius a 1 2 3 km store d", "a d"},
      {"georadius a 1 2 3 km storedist d", "a d"},
      {"georadius a 1 2 3 km store d storedist e", "a d e"},
      {"migrate h 6379 k 0 1000", "k"},
      {"migrate h 6379 '' 0 1000 keys a b", "'' a b"},
      {"migrate h 6379 keys 0 1000 KEYS a b", "keys a b"},
      {"json.debug memory k", "k"},
      {"json.debug help", ""},
  });
}

TEST(a_backward_search_takes_the_last_keyword) {
  // From the end: the keyword nearest to the end wins, and the last argument is none.
  check_cases({
      {"migrate h 6379 k 0 1000 keys a keys b", "k b"},
      {"migrate h 6379 k 0 1000 keys", "k"},
  });
}

TEST(positions_are_replaced_not_added) {
  const auto table = real_commands();
  KeyPositions keys;
  for (const char* line : {"mget a b c", "get k", "eval s 1 a", "ping"}) {
    const FramedRequest request = framed(words(line));
    CHECK(collect_keys(*table->resolve(request.frame(), request.args), request.frame(),
                       request.args, keys));
  }
  CHECK(keys.indexes.empty());
}

}  // namespace slotgate::test
