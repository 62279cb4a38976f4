#include "core/request_framer.h"

#include <string>
#include <vector>

#include "core/decimal.h"
#include "test/check.h"
#include "test/feed.h"
#include "test/random.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

using std::string;
using std::string_literals::operator""s;

struct Case {
  string input;
  string log;
};

RequestLimits small_limits() {
  RequestLimits limits;
  limits.arguments_max = 12;
  limits.bulk_bytes_max = 200;
  limits.inline_bytes_max = 40;
  limits.frame_bytes_max = 300;
  return limits;
}

/// Every case, whole, cut at every byte, and in single bytes, must give the same.
void check_cases(const std::vector<Case>& cases, const RequestLimits& limits) {
  for (const Case& c : cases) {
    CHECK_EQ(feed_requests(c.input, {}, limits, Caller::kKeeps), c.log);
    for (std::size_t cut = 1; cut < c.input.size(); ++cut) {
      CHECK_EQ(feed_requests(c.input, {cut}, limits, Caller::kForgets), c.log);
    }
    const Pieces single = single_bytes(c.input.size());
    CHECK_EQ(feed_requests(c.input, single, limits, Caller::kForgets), c.log);
  }
}

/// The log without what a dropping caller cannot tell: the arguments of multibulk frames.
string without_arguments(const string& log) {
  string short_log;
  bool skipping = false;
  for (const char c : log) {
    if (c == '\n') skipping = false;
    if (!skipping) short_log += c;
    if (c == ':') skipping = true;
  }
  return short_log;
}

/// A second framer, slow and simple: looks at the whole input at once and recurses.
class NaiveFramer {
 public:
  NaiveFramer(string input, const RequestLimits& limits)
      : input_(std::move(input)), limits_(limits) {}

  string run() {
    if (input_.empty()) return log_ + "more";
    return input_[0] == '*' ? multibulk_frame() : inline_frame();
  }

 private:
  string error(const string& text) { return log_ + "error " + text + "\n"; }

  string take(std::size_t size, const string& line) {
    log_ += line;
    input_.erase(0, size);
    return run();
  }

  string inline_frame() {
    const std::size_t end = input_.find('\n');
    if (end == string::npos || end > limits_.inline_bytes_max) {
      if (input_.size() <= limits_.inline_bytes_max) return log_ + "more";
      return error("too big inline request");
    }
    string line = input_.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find('\0') != string::npos) return error("NUL byte in inline request");
    // Quotes have cases of their own below.
    string args;
    string word;
    for (const char c : line + " ") {
      const bool ends = c == ' ' || c == '\t' || c == '\r' || c == '\n';
      if (ends || (word.empty() && (c == '\v' || c == '\f'))) {
        if (!word.empty()) args += " " + printable(word);
        word.clear();
      } else {
        word += c;
      }
    }
    const string size = std::to_string(end + 1);
    const string frame = "frame " + size + ":" + args + "\n";
    return take(end + 1, args.empty() ? "empty " + size + "\n" : frame);
  }

  /// Reads a header line at `at`; moves `at` behind it. False: `log_` or "more" is in `stop`.
  bool header(std::size_t& at, const string& kind, std::int64_t& value, string& stop) {
    const bool multi = kind == "mbulk";
    const string invalid = multi ? "invalid multibulk length" : "invalid bulk length";
    const std::size_t end = input_.find('\r', at);
    if (end == string::npos || end - at > limits_.inline_bytes_max) {
      stop = input_.size() - at <= limits_.inline_bytes_max
                 ? log_ + "more"
                 : error("too big " + kind + " count string");
      return false;
    }
    if (end + 1 == input_.size()) {
      stop = log_ + "more";
      return false;
    }
    const bool fine =
        input_[end + 1] == '\n' && parse_decimal(bytes_of(string_view_of(at + 1, end)), value);
    const std::int64_t max = multi ? limits_.arguments_max : limits_.bulk_bytes_max;
    if (!fine || value > max || (!multi && value < 0)) {
      stop = error(invalid);
      return false;
    }
    at = end + 2;
    return true;
  }

  [[nodiscard]] std::string_view string_view_of(std::size_t begin, std::size_t end) const {
    return std::string_view(input_).substr(begin, end - begin);
  }

  string multibulk_frame() {
    std::size_t at = 0;
    std::int64_t count = 0;
    string stop;
    if (!header(at, "mbulk", count, stop)) return stop;
    if (count <= 0) return take(at, "empty " + std::to_string(at) + "\n");
    string args;
    for (std::int64_t i = 0; i < count; ++i) {
      if (at == input_.size()) return log_ + "more";
      if (input_[at] != '$') {
        const char got = input_[at];
        const bool shown = got != '\r' && got != '\n' && got != '\0';
        return error("expected '$', got '" + printable(string(1, shown ? got : ' ')) + "'");
      }
      std::int64_t length = 0;
      if (!header(at, "bulk", length, stop)) return stop;
      const std::size_t end = at + static_cast<std::size_t>(length) + 2;
      if (end > limits_.frame_bytes_max) return error("request exceeds client-query-buffer-limit");
      if (end > input_.size()) return log_ + "more";
      if (input_.substr(end - 2, 2) != "\r\n") return error("expected CRLF after bulk payload");
      args += " " + printable(input_.substr(at, static_cast<std::size_t>(length)));
      at = end;
    }
    return take(at, "frame " + std::to_string(at) + ":" + args + "\n");
  }

  string input_;
  RequestLimits limits_;
  string log_;
};

string until_more(const string& log) {
  const std::size_t at = log.rfind("more ");
  return at == string::npos ? log : log.substr(0, at + 4);
}

/// Valid requests, damaged here and there.
string random_input(Random& random) {
  string input;
  const std::size_t requests = 1 + random.below(4);
  for (std::size_t i = 0; i < requests; ++i) {
    std::vector<string> args;
    const std::size_t count = random.below(13);
    for (std::size_t j = 0; j < count; ++j) args.push_back(random.bytes(random.below(22)));
    input += random.below(8) == 0 ? "PING x\r\n" : multibulk(args);
  }
  constexpr std::string_view kBytes = "*$0123456789-+\r\n ab\0";
  const std::size_t damages = random.below(4);
  for (std::size_t i = 0; i < damages; ++i) {
    const std::size_t at = random.below(input.size());
    const char byte = kBytes[random.below(kBytes.size())];
    if (random.below(3) == 0)
      input.erase(at, 1);
    else if (random.below(2) == 0)
      input.insert(at, 1, byte);
    else
      input[at] = byte;
    if (input.empty()) return "*";
  }
  return input;
}

Pieces random_pieces(Random& random, std::size_t size) {
  Pieces pieces;
  for (std::size_t at = 0; at < size;) {
    pieces.push_back(1 + random.below(9));
    at += pieces.back();
  }
  return pieces;
}

}  // namespace

TEST(multibulk_requests_are_framed) {
  check_cases(
      {
          {"*1\r\n$4\r\nPING\r\n", "frame 14: PING\nmore 0 of 0\n"},
          {"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "frame 20: GET k\nmore 0 of 0\n"},
          {"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "frame 19: GET \nmore 0 of 0\n"},
          {"*2\r\n$3\r\nGET\r\n$4\r\n\r\n\0a\r\n"s,
           "frame 23: GET \\x0d\\x0a\\x00a\nmore 0 of 0\n"},
          {"*2\r\n$1\r\na\r\n$12\r\n0123456789ab\r\n*1\r\n$1\r\nb\r\n",
           "frame 30: a 0123456789ab\nframe 11: b\nmore 0 of 0\n"},
          {"*1\r\n$111\r\n" + times(111, "v") + "\r\n",
           "frame 123: " + times(111, "v") + "\nmore 0 of 0\n"},
          {"*12\r\n" + times(12, "$1\r\nz\r\n"), "frame 89:" + times(12, " z") + "\nmore 0 of 0\n"},
      },
      small_limits());
}

TEST(empty_requests_are_dropped) {
  check_cases(
      {
          {"*0\r\n*1\r\n$1\r\na\r\n", "empty 4\nframe 11: a\nmore 0 of 0\n"},
          {"*-1\r\n", "empty 5\nmore 0 of 0\n"},
          {"*-5\r\n\r\n\n", "empty 5\nempty 2\nempty 1\nmore 0 of 0\n"},
          {" \t \r\n", "empty 5\nmore 0 of 0\n"},
      },
      small_limits());
}

TEST(unfinished_requests_tell_what_they_announced) {
  check_cases(
      {
          {"", "more 0 of 0\n"},
          {"*", "more 1 of 1\n"},
          {"*2\r", "more 3 of 3\n"},
          {"*2\r\n$3", "more 6 of 6\n"},
          {"*2\r\n$3\r\nG", "more 9 of 13\n"},
          {"*2\r\n$100\r\nabc", "more 13 of 112\n"},
          {"*2\r\n$3\r\nGET\r", "more 12 of 13\n"},
          {"GET k", "more 5 of 5\n"},
      },
      small_limits());
}

TEST(multibulk_faults_are_worded_as_by_the_server) {
  const string multi = "error invalid multibulk length\n";
  const string bulk = "error invalid bulk length\n";
  std::vector<Case> cases{
      {"*13\r\n", multi},
      {"*99999999999\r\n", multi},
      {"*9223372036854775808\r\n", multi},
      {"*1\r\n:", "error expected '$', got ':'\n"},
      {"*1\r\n\r\n", "error expected '$', got ' '\n"},
      {"*1\r\n\xff", "error expected '$', got '\\xff'\n"},
      {"*1\r\n$201\r\n", bulk},
      {"*1\r\n$-1\r\n", bulk},
      {"*1\r\n$99999999999999999999\r\n", bulk},
      {"*1\r\n$1\r\nabc", "error expected CRLF after bulk payload\n"},
      {"*1\r\n$1\r\na\r\r", "error expected CRLF after bulk payload\n"},
      {"*2\r\n$120\r\n" + times(120, "x") + "\r\n$161\r\n",
       "error request exceeds client-query-buffer-limit\n"},
      {"*" + times(41, "1"), "error too big mbulk count string\n"},
      {"*1\r\n$" + times(41, "1"), "error too big bulk count string\n"},
      {"*" + times(40, "1") + "\r\n", "error too big mbulk count string\n"},
      {"*" + times(39, "1") + "\r\n", multi},
      {"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", "error unexpected PROXY header\n"},
      {"PROXY UNKNOWN\r\n", "error unexpected PROXY header\n"},
  };
  for (const char* bad : {"", "+1", "01", "-0", " 1", "1 ", "1a", "0x1", "--1", "1\n", "\n"}) {
    cases.push_back({"*" + string(bad) + "\r\n", multi});
    cases.push_back({"*1\r\n$" + string(bad) + "\r\n", bulk});
  }
  for (const char* end : {"\rx", "\r\r"}) {
    cases.push_back({"*1" + string(end), multi});
    cases.push_back({"*1\r\n$1" + string(end), bulk});
  }
  check_cases(cases, small_limits());
}

TEST(what_is_as_large_as_a_limit_is_framed) {
  const auto status = [](const string& input) {
    RequestFramer framer;
    return framer.next(reinterpret_cast<const std::uint8_t*>(input.data()), input.size(),
                       small_limits());
  };
  const auto bulk = [](std::size_t size) {
    return "$" + std::to_string(size) + "\r\n" + string(size, 'x') + "\r\n";
  };
  CHECK(status("*12\r\n" + times(12, bulk(1))) == FrameStatus::kComplete);
  CHECK(status("*13\r\n" + times(13, bulk(1))) == FrameStatus::kProtocolError);
  CHECK(status("*1\r\n" + bulk(200)) == FrameStatus::kComplete);
  CHECK(status("*1\r\n" + bulk(201)) == FrameStatus::kProtocolError);
  const std::size_t rest = 300 - (string("*2\r\n").size() + bulk(120).size() + bulk(100).size());
  CHECK(status("*2\r\n" + bulk(120) + bulk(100 + rest)) == FrameStatus::kComplete);
  CHECK(status("*2\r\n" + bulk(120) + bulk(101 + rest)) == FrameStatus::kProtocolError);
}

TEST(unauthenticated_clients_get_their_own_wording) {
  RequestLimits limits = small_limits();
  limits.unauthenticated = true;
  check_cases({{"*13\r\n", "error unauthenticated multibulk length\n"},
               {"*99999999999\r\n", "error invalid multibulk length\n"},
               {"*1\r\n$201\r\n", "error unauthenticated bulk length\n"}},
              limits);
}

TEST(inline_requests_are_split_as_by_the_server) {
  check_cases(
      {
          {"PING\r\n", "frame 6: PING\nmore 0 of 0\n"},
          {"set k v\n", "frame 8: set k v\nmore 0 of 0\n"},
          {"  a\t b \r\n", "frame 9: a b\nmore 0 of 0\n"},
          {"a \v\f b\n", "frame 7: a b\nmore 0 of 0\n"},
          {"a\vb\n", "frame 4: a\\x0bb\nmore 0 of 0\n"},
          {"\"a b\" 'c d'\n", "frame 12: a b c d\nmore 0 of 0\n"},
          {"\"\\n\\r\\t\\b\\a\\q\\\\\\\"\"\n",
           "frame 19: \\x0a\\x0d\\x09\\x08\\x07q\\\"\nmore 0 of 0\n"},
          {"\"\\x41\\x0g\"\n", "frame 11: Ax0g\nmore 0 of 0\n"},
          {"'a\\'b\\n'\n", "frame 9: a'b\\n\nmore 0 of 0\n"},
          {"x\"y z\"\n", "frame 7: xy z\nmore 0 of 0\n"},
          {"a \"\"\n", "frame 5: a \nmore 0 of 0\n"},
          {"a\rb\n", "frame 4: a b\nmore 0 of 0\n"},
          {"$3\r\n", "frame 4: $3\nmore 0 of 0\n"},
          {times(40, "a") + "\n", "frame 41: " + times(40, "a") + "\nmore 0 of 0\n"},
      },
      small_limits());
}

TEST(inline_faults_are_worded_as_by_the_server) {
  const string unbalanced = "error unbalanced quotes in request\n";
  std::vector<Case> cases{{times(41, "a"), "error too big inline request\n"},
                          {times(41, "a") + "\n", "error too big inline request\n"},
                          {"a\0b\n"s, "error NUL byte in inline request\n"}};
  for (const char* line : {"\"", "'", "\"a", "'a", "\"a\"b", "'a'b", "\"\\", "\"\\\"", "'\\'",
                           "a\"", "\"a\"\"b\"", "\"\\x4"}) {
    cases.push_back({string(line) + "\r\n", unbalanced});
  }
  check_cases(cases, small_limits());
}

TEST(a_second_framer_agrees_on_damaged_input) {
  Random random(1);
  const RequestLimits limits = small_limits();
  for (int round = 0; round < 20000; ++round) {
    const string input = random_input(random);
    const string whole = feed_requests(input, {}, limits, Caller::kKeeps);
    // The naive framer does not know quotes.
    if (input.find('"') == string::npos && input.find('\'') == string::npos) {
      CHECK_EQ(until_more(whole), NaiveFramer(input, limits).run());
    }
    const Pieces pieces = random_pieces(random, input.size());
    CHECK_EQ(feed_requests(input, pieces, limits, Caller::kForgets), whole);
  }
}

TEST(dropping_scanned_bytes_changes_no_boundary) {
  Random random(2);
  const RequestLimits limits = small_limits();
  for (int round = 0; round < 5000; ++round) {
    const string input = random_input(random);
    const string whole = feed_requests(input, {}, limits, Caller::kKeeps);
    const Pieces pieces = random_pieces(random, input.size());
    CHECK_EQ(without_arguments(feed_requests(input, pieces, limits, Caller::kDrops)),
             without_arguments(whole));
  }
}

TEST(an_argument_behind_dropped_bytes_has_its_place) {
  const string input = "*3\r\n$3\r\nSET\r\n$4\r\nkeys\r\n$5\r\nvalue\r\n";
  const Bytes bytes = bytes_of(input);
  const RequestLimits limits;
  RequestFramer framer;
  CHECK(framer.next(bytes.data, 19, limits) == FrameStatus::kNeedMore);
  CHECK_EQ(framer.scanned(), 19U);
  CHECK_EQ(framer.announced_args(), 3U);
  CHECK_EQ(framer.args().size(), 1U);
  framer.drop(18);
  CHECK(framer.next(bytes.data + 18, bytes.size - 18, limits) == FrameStatus::kComplete);
  CHECK_EQ(framer.consumed(), bytes.size - 18);
  CHECK_EQ(framer.args().size(), 3U);
  CHECK_EQ(framer.args()[1].offset, 0U);
  CHECK_EQ(framer.args()[1].length, 4U);
  CHECK_EQ(framer.args()[2].offset, 27U - 18U);
  CHECK(framer.frame().data == nullptr);
}

TEST(a_reset_framer_starts_anew) {
  RequestFramer framer;
  const RequestLimits limits;
  const Bytes begun = bytes_of("*2\r\n$3\r\nGE");
  CHECK(framer.next(begun.data, begun.size, limits) == FrameStatus::kNeedMore);
  framer.reset();
  const Bytes other = bytes_of("*1\r\n$4\r\nPING\r\n");
  CHECK(framer.next(other.data, other.size, limits) == FrameStatus::kComplete);
  CHECK_EQ(framer.frame().text(), other.text());
}

TEST(a_megabyte_in_single_bytes_is_linear) {
  // Bytes that were scanned are overwritten: a framer that looks at one again fails.
  const string request = "*131072\r\n" + times(131072, "$2\r\nab\r\n");
  std::vector<std::uint8_t> buffer(request.begin(), request.end());
  RequestFramer framer;
  const RequestLimits limits;
  std::size_t overwritten = 0;
  for (std::size_t size = 1; size < buffer.size(); ++size) {
    CHECK(framer.next(buffer.data(), size, limits) == FrameStatus::kNeedMore);
    CHECK(size - framer.scanned() <= 8);
    CHECK(framer.args().size() <= size / 8);
    for (; overwritten < framer.scanned(); ++overwritten) buffer[overwritten] = 0xff;
  }
  CHECK(framer.next(buffer.data(), buffer.size(), limits) == FrameStatus::kComplete);
  CHECK_EQ(framer.args().size(), 131072U);
  CHECK_EQ(framer.args().back().offset, buffer.size() - 4);
}

TEST(memory_follows_what_arrived) {
  const Bytes begun = bytes_of("*1048576\r\n$536870912\r\nabc");
  RequestFramer framer;
  CHECK(framer.next(begun.data, begun.size, RequestLimits()) == FrameStatus::kNeedMore);
  CHECK_EQ(framer.announced_args(), 1048576U);
  CHECK(framer.args().capacity() < 64);
  CHECK_EQ(framer.announced_size(), 22U + 536870912U + 2U);
}

}  // namespace slotgate::test
