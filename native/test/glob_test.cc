// Globs, as the servers match channels with patterns.
#include "core/glob.h"

#include "test/check.h"

namespace slotgate::test {
namespace {

struct Case {
  const char* pattern;
  const char* text;
  bool matches;
};

TEST(patterns_match_as_at_a_server) {
  for (const Case& one : {
           Case{"news", "news", true},
           Case{"news", "new", false},
           Case{"news", "newss", false},
           Case{"*", "", true},
           Case{"*", "anything", true},
           Case{"", "", true},
           Case{"", "a", false},
           Case{"n*s", "news", true},
           Case{"n*s", "ns", true},
           Case{"n*s", "newt", false},
           Case{"h?llo", "hallo", true},
           Case{"h?llo", "hllo", false},
           Case{"h[ae]llo", "hello", true},
           Case{"h[ae]llo", "hillo", false},
           Case{"h[^e]llo", "hello", false},
           Case{"h[^e]llo", "hallo", true},
           Case{"h[a-b]llo", "hbllo", true},
           Case{"h[b-a]llo", "hallo", true},
           Case{"h[a-b]llo", "hcllo", false},
           Case{"a\\*b", "a*b", true},
           Case{"a\\*b", "axb", false},
           Case{"[\\]]x", "]x", true},
           Case{"[abc", "b", true},
           Case{"a*b*c", "a1b2b3c", true},
           Case{"a*b*c", "a1b2b3", false},
           Case{"a**", "a", true},
           Case{"a\\", "a\\", true},
           Case{"NEWS", "news", false},
       }) {
    if (glob_matches(one.pattern, one.text) != one.matches) {
      report_failure(__FILE__, __LINE__, std::string(one.pattern) + " against " + one.text);
    }
  }
}

TEST(a_hostile_pattern_ends) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "*a";
  CHECK(!glob_matches(pattern + "b", std::string(2000, 'a')));
}

TEST(the_prefix_is_what_every_match_begins_with) {
  CHECK_EQ(glob_prefix("news"), "news");
  CHECK_EQ(glob_prefix("news.*"), "news.");
  CHECK_EQ(glob_prefix("__key?vent"), "__key");
  CHECK_EQ(glob_prefix("a\\*[b]"), "a*");
  CHECK_EQ(glob_prefix("*x"), "");
}

}  // namespace
}  // namespace slotgate::test
