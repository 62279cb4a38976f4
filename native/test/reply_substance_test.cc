#include "core/reply_substance.h"

#include "test/check.h"

using namespace slotgate;

TEST(replies_that_only_an_existing_key_gives) {
  for (const char* reply :
       {"$3\r\nabc\r\n", "$1\r\n1\r\n", ":1\r\n", "+string\r\n", "#t\r\n", ",1.5\r\n",
        "(123456789012345678901\r\n", "=5\r\ntxt:a\r\n", "*2\r\n$-1\r\n$1\r\na\r\n",
        "%1\r\n$1\r\na\r\n$1\r\nb\r\n", "~1\r\n$1\r\na\r\n", "*2\r\n*1\r\n*0\r\n:7\r\n",
        "|1\r\n+ttl\r\n:3\r\n$-1\r\n"}) {
    CHECK_EQ(has_substance(reply) ? reply : "nothing", std::string(reply));
  }
}

TEST(replies_that_a_missing_key_may_give) {
  for (const char* reply :
       {"$-1\r\n", "*-1\r\n", "_\r\n", ":0\r\n", ":-2\r\n", "*0\r\n", "%0\r\n", "~0\r\n",
        "$0\r\n\r\n", "+none\r\n", "#f\r\n", ",0\r\n", "*2\r\n$-1\r\n$-1\r\n", "*2\r\n:0\r\n:0\r\n",
        "*2\r\n$1\r\n0\r\n*0\r\n", "-ERR no such key\r\n", "*1\r\n*2\r\n_\r\n_\r\n"}) {
    CHECK_EQ(has_substance(reply) ? "something" : reply, std::string(reply));
  }
}

TEST(the_beginning_of_a_reply_is_enough_if_it_says_something) {
  CHECK(has_substance("$300000\r\nxxxx"));
  CHECK(has_substance("*3\r\n$-1\r\n$70000\r\n"));
  CHECK(!has_substance("*3\r\n$-1\r\n$-"));
  CHECK(!has_substance("*3\r\n$-1\r\n$1\r\n"));
  CHECK(!has_substance(""));
}

TEST(a_divided_read_shows_each_key) {
  CHECK(has_all_keys(Split::kArrayInOrder, 2, "*2\r\n$1\r\na\r\n$0\r\n\r\n"));
  CHECK(!has_all_keys(Split::kArrayInOrder, 2, "*2\r\n$1\r\na\r\n$-1\r\n"));
  CHECK(!has_all_keys(Split::kArrayInOrder, 2, "*2\r\n_\r\n$1\r\na\r\n"));
  CHECK(has_all_keys(Split::kArrayInOrder, 1, "*1\r\n$2\r\na_\r\n"));
  CHECK(has_all_keys(Split::kSum, 2, ":2\r\n"));
  CHECK(!has_all_keys(Split::kSum, 2, ":1\r\n"));
  CHECK(!has_all_keys(Split::kSum, 2, "-ERR\r\n"));
  CHECK(!has_all_keys(Split::kNone, 1, "$1\r\na\r\n"));
}
