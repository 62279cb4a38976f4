#include "core/reply_framer.h"

#include <string>
#include <vector>

#include "test/check.h"
#include "test/feed.h"
#include "test/random.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

using std::string;

struct Case {
  string input;
  string log;
};

void check_cases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CHECK_EQ(feed_replies(c.input, {}, Caller::kKeeps), c.log);
    for (std::size_t cut = 1; cut < c.input.size() && cut < 4096; ++cut) {
      CHECK_EQ(feed_replies(c.input, {cut}, Caller::kForgets), c.log);
      CHECK_EQ(feed_replies(c.input, {cut}, Caller::kDrops), c.log);
    }
    const Pieces single = single_bytes(c.input.size());
    CHECK_EQ(feed_replies(c.input, single, Caller::kForgets), c.log);
    CHECK_EQ(feed_replies(c.input, single, Caller::kDrops), c.log);
  }
}

/// One whole reply and nothing else.
Case whole(const string& input, char type) {
  return {input, string("reply ") + type + " " + std::to_string(input.size()) + "\nmore 0 of 0\n"};
}

/// A second framer, slow and simple: recurses over the whole input.
class NaiveFramer {
 public:
  explicit NaiveFramer(const string& input) : input_(input) {}

  string run() {
    string log;
    while (at_ < input_.size()) {
      const std::size_t begin = at_;
      push_ = false;
      type_ = 0;
      const Result result = value(0);
      if (result == Result::kMore) return log + "more";
      if (result == Result::kError) return log + "error\n";
      log += (push_ ? "push " : "reply ") + string(1, type_) + " " + std::to_string(at_ - begin) +
             "\n";
    }
    return log + "more";
  }

 private:
  enum class Result { kDone, kMore, kError };

  Result line(string& text) {
    const std::size_t end = input_.find('\r', at_);
    if (end == string::npos || end + 1 == input_.size()) return Result::kMore;
    if (input_[end + 1] != '\n') return Result::kError;
    text = input_.substr(at_, end - at_);
    at_ = end + 2;
    return Result::kDone;
  }

  static bool number(const string& text, long& value) {
    const string digits = text.substr(0, 1) == "-" ? text.substr(1) : text;
    if (digits.empty() || digits.size() > 9) return false;
    if (digits.find_first_not_of("0123456789") != string::npos) return false;
    value = std::stol(text);
    return std::to_string(value) == text;
  }

  Result value(std::uint32_t depth) {
    if (at_ == input_.size()) return Result::kMore;
    const char type = input_[at_];
    if (string("+-:,(#_$!=*~%|>").find(type) == string::npos) return Result::kError;
    string text;
    const Result read = line(text);
    if (read != Result::kDone) return read;
    if (depth == 0 && type != '|') type_ = type;
    text.erase(0, 1);
    if (type == '_') return text.empty() ? Result::kDone : Result::kError;
    if (type == '#') return text == "t" || text == "f" ? Result::kDone : Result::kError;
    if (string("+-:,(").find(type) != string::npos) return Result::kDone;
    long count = 0;
    if (!number(text, count) || count < -1) return Result::kError;
    if (count == -1) return type == '$' || type == '*' ? Result::kDone : Result::kError;
    if (string("$!=").find(type) != string::npos) return payload(static_cast<std::size_t>(count));
    return elements(type, depth, count);
  }

  Result payload(std::size_t length) {
    if (input_.size() - at_ < length + 2) return Result::kMore;
    at_ += length + 2;
    return input_.substr(at_ - 2, 2) == "\r\n" ? Result::kDone : Result::kError;
  }

  Result elements(char type, std::uint32_t depth, long count) {
    if (type == '>') {
      if (depth > 0) return Result::kError;
      push_ = true;
    }
    if (depth == ReplyFramer::kReplyDepthMax) return Result::kError;
    const long all = type == '%' || type == '|' ? count * 2 : count;
    for (long i = 0; i < all; ++i) {
      const Result result = value(depth + 1);
      if (result != Result::kDone) return result;
    }
    return type == '|' ? value(depth) : Result::kDone;
  }

  const string& input_;
  std::size_t at_ = 0;
  bool push_ = false;
  char type_ = 0;
};

/// A random reply of any type; the deeper, the simpler.
string random_reply(Random& random, std::size_t depth) {
  const auto some = [&](std::size_t count) {
    string text;
    for (std::size_t i = 0; i < count; ++i) text += random_reply(random, depth + 1);
    return text;
  };
  const std::size_t count = random.below(4);
  const string header = std::to_string(count) + "\r\n";
  switch (random.below(depth < 4 ? 15 : 9)) {
    case 0:
      return "+OK\r\n";
    case 1:
      return ":" + std::to_string(random.below(100000)) + "\r\n";
    case 2:
      return "$-1\r\n";
    case 3:
      return "-ERR something went wrong somewhere, and this line is long\r\n";
    case 4:
      return "_\r\n";
    case 5:
      return random.below(2) == 0 ? "#t\r\n" : ",1.5\r\n";
    case 6:
      return "=7\r\ntxt:abc\r\n";
    case 7:
    case 8: {
      const string payload = random.bytes(random.below(130));
      return "$" + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
    }
    case 9:
      return "%" + header + some(count * 2);
    case 10:
      return "|" + header + some(count * 2) + random_reply(random, depth);
    case 11:
      return "~" + header + some(count);
    case 12:
      return (depth == 0 ? ">" : "*") + header + some(count);
    default:
      return "*" + header + some(count);
  }
}

string until_more(const string& log) {
  const std::size_t at = log.rfind("more ");
  return at == string::npos ? log : log.substr(0, at + 4);
}

}  // namespace

TEST(replies_of_every_type_are_framed) {
  check_cases({
      whole("+OK\r\n", '+'),
      whole("+\r\n", '+'),
      whole("-ERR unknown command 'x', with args beginning with: \r\n", '-'),
      whole(":0\r\n", ':'),
      whole(":-12345678901\r\n", ':'),
      whole("$0\r\n\r\n", '$'),
      whole("$5\r\nhello\r\n", '$'),
      whole("$4\r\n\r\n\r\n\r\n", '$'),
      whole("$-1\r\n", '$'),
      whole("$1000\r\n" + times(1000, "v") + "\r\n", '$'),
      whole("$10000\r\n" + times(10000, "v") + "\r\n", '$'),
      whole("*-1\r\n", '*'),
      whole("*0\r\n", '*'),
      whole("*2\r\n$1\r\na\r\n:1\r\n", '*'),
      whole("*2\r\n*1\r\n*0\r\n*1\r\n$-1\r\n", '*'),
      whole("_\r\n", '_'),
      whole("#t\r\n", '#'),
      whole("#f\r\n", '#'),
      whole(",1.5\r\n", ','),
      whole(",inf\r\n", ','),
      whole("(3492890328409238509324850943850943825024385\r\n", '('),
      whole("!21\r\nSYNTAX invalid syntax\r\n", '!'),
      whole("=15\r\ntxt:Some string\r\n", '='),
      whole("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", '%'),
      whole("~2\r\n+a\r\n#t\r\n", '~'),
      whole("%0\r\n", '%'),
  });
}

TEST(an_attribute_belongs_to_the_value_behind_it) {
  check_cases({
      whole("|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n", '$'),
      whole("|0\r\n+OK\r\n", '+'),
      whole("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n*1\r\n:3\r\n", '*'),
      whole("*2\r\n|1\r\n+a\r\n:1\r\n:2\r\n:3\r\n", '*'),
      whole("*1\r\n|1\r\n|0\r\n+a\r\n:1\r\n:2\r\n", '*'),
      {"|1\r\n+a\r\n:1\r\n", "more 12 of 12\n"},
  });
}

TEST(a_push_is_a_frame_of_its_own) {
  check_cases({
      {">2\r\n+message\r\n+x\r\n+OK\r\n", "push > 18\nreply + 5\nmore 0 of 0\n"},
      {"+OK\r\n>1\r\n+x\r\n:1\r\n", "reply + 5\npush > 8\nreply : 4\nmore 0 of 0\n"},
      {"|1\r\n+a\r\n:1\r\n>1\r\n*1\r\n_\r\n", "push > 23\nmore 0 of 0\n"},
  });
}

TEST(unfinished_replies_tell_what_they_announced) {
  check_cases({
      {"", "more 0 of 0\n"},
      {"+O", "more 2 of 2\n"},
      {"+OK\r", "more 4 of 4\n"},
      {"$10\r\nabc", "more 8 of 17\n"},
      {"*2\r\n$3\r\nabc\r", "more 12 of 13\n"},
      {"*3\r\n:1\r\n", "more 8 of 8\n"},
  });
}

TEST(what_no_server_sends_is_an_error) {
  std::vector<Case> cases;
  for (const char* input :
       {"x", "\r\n", "$?\r\n", "*?\r\n", ";1\r\n", ".\r\n", "$-2\r\n", "*-2\r\n", "!-1\r\n",
        "=-1\r\n",
        "%-1\r\n", "~-1\r\n", ">-1\r\n", "|-1\r\n", "$01\r\nx\r\n", "$+1\r\n", "$\r\n", "*\r\n",
        "*1x\r\n", "*-0\r\n", "_x\r\n", "#x\r\n", "#\r\n", "#tt\r\n", "+a\rb", "$1\r\nabc",
        "$1\r\na\r\r", "$3\r\nabc\n\r", "*1\r\n>1\r\n", "*4294967296\r\n",
        "*99999999999999999999\r\n",
        "$9223372036854775807\r\n", "*1\r\n\r\n"}) {
    cases.push_back({input, "error\n"});
  }
  check_cases(cases);
}

TEST(nesting_has_a_limit) {
  const string deepest = times(ReplyFramer::kReplyDepthMax, "*1\r\n") + ":1\r\n";
  check_cases({whole(deepest, '*'), {"*1\r\n" + deepest, "error\n"}});
}

TEST(lines_have_a_limit) {
  const string longest = "+" + times(ReplyFramer::kLineBytesMax - 1, "a");
  const string size = std::to_string(longest.size() + 2);
  CHECK_EQ(feed_replies(longest + "\r\n", {70000}, Caller::kKeeps),
           "reply + " + size + "\nmore 0 of 0\n");
  CHECK_EQ(feed_replies(longest + "a\r\n", {}, Caller::kKeeps), "error\n");
  const string arrived = std::to_string(longest.size());
  CHECK_EQ(feed_replies(longest, {}, Caller::kKeeps), "more " + arrived + " of " + arrived + "\n");
  CHECK_EQ(feed_replies(longest + "a", {}, Caller::kKeeps), "error\n");
}

TEST(a_second_framer_agrees_on_random_replies) {
  Random random(3);
  constexpr std::string_view kBytes = "+-:,(#_$!=*~%|>0123456789\r\nt";
  for (int round = 0; round < 10000; ++round) {
    string input = random_reply(random, 0) + random_reply(random, 0);
    if (random.below(2) == 0) {
      input[random.below(input.size())] = kBytes[random.below(kBytes.size())];
    }
    if (random.below(4) == 0) input.resize(random.below(input.size()));
    const string log = feed_replies(input, {}, Caller::kKeeps);
    CHECK_EQ(until_more(log), NaiveFramer(input).run());
    Pieces pieces;
    for (std::size_t i = 0; i < input.size() / 4; ++i) pieces.push_back(1 + random.below(9));
    CHECK_EQ(feed_replies(input, pieces, Caller::kForgets), log);
    CHECK_EQ(feed_replies(input, pieces, Caller::kDrops), log);
  }
}

TEST(a_megabyte_in_single_bytes_is_linear) {
  // Bytes that were scanned are overwritten: a framer that looks at one again fails.
  const string reply = "*131072\r\n" + times(65536, "$2\r\nab\r\n*1\r\n:7\r\n");
  std::vector<std::uint8_t> buffer(reply.begin(), reply.end());
  ReplyFramer framer;
  std::size_t overwritten = 0;
  for (std::size_t size = 1; size < buffer.size(); ++size) {
    CHECK(framer.next(buffer.data(), size) == ReplyStatus::kNeedMore);
    CHECK(size - framer.scanned() <= 8);
    for (; overwritten < framer.scanned(); ++overwritten) buffer[overwritten] = 0xff;
  }
  CHECK(framer.next(buffer.data(), buffer.size()) == ReplyStatus::kComplete);
  CHECK_EQ(framer.frame_size(), buffer.size());
}

TEST(a_reset_framer_starts_anew) {
  ReplyFramer framer;
  const Bytes begun = bytes_of("|1\r\n+a\r\n*3\r\n$5\r\nab");
  CHECK(framer.next(begun.data, begun.size) == ReplyStatus::kNeedMore);
  framer.reset();
  const Bytes other = bytes_of("+OK\r\n");
  CHECK(framer.next(other.data, other.size) == ReplyStatus::kComplete);
  CHECK_EQ(framer.frame_size(), 5U);
}

}  // namespace slotgate::test
