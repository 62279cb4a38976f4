#include "core/proxy_header.h"

#include <algorithm>
#include <string>
#include <vector>

#include "test/check.h"

namespace slotgate::test {
namespace {

using std::string;
using std::string_literals::operator""s;

const string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
constexpr char kLocal = 0x20;
constexpr char kProxy = 0x21;
constexpr char kTcp4 = 0x11;
constexpr char kTcp6 = 0x21;

string of_version_2(char command, char family, const string& block) {
  string header = kSignature + command + family;
  header += static_cast<char>(block.size() >> 8);
  header += static_cast<char>(block.size() & 0xff);
  return header + block;
}

/// 10.1.2.3:258 to 10.9.8.7:6379.
const string kBlock4 = "\x0a\x01\x02\x03\x0a\x09\x08\x07\x01\x02\x18\xeb"s;
/// [fd00::1]:258 to [fd00::2]:6379.
const string kBlock6 =
    "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"s + "\x01\x02\x18\xeb"s;

ProxiedConnection ends(const char* source, const char* destination, std::uint16_t port = 258) {
  const auto address = [](const char* text) {
    return parse_ipv4(text) ? *parse_ipv4(text) : parse_ipv6(text).value_or(IpAddress{});
  };
  return {{address(source), port}, {address(destination), 6379}};
}

struct Outcome {
  ProxyHeaderStatus status = ProxyHeaderStatus::kNeedMore;
  std::size_t taken = 0;
  std::optional<ProxiedConnection> connection;
  string error;
};

/// Reads until something comes of it; the first piece has `first` bytes, the others `size`.
Outcome read(const string& wire, std::size_t first, std::size_t size) {
  ProxyHeaderReader reader;
  Outcome outcome;
  for (std::size_t piece = first; outcome.taken < wire.size(); piece = size) {
    const Bytes left = bytes_of(std::string_view(wire).substr(outcome.taken, piece));
    outcome.status = reader.read(left);
    outcome.taken += reader.consumed();
    if (outcome.status != ProxyHeaderStatus::kNeedMore) break;
    CHECK_EQ(reader.consumed(), left.size);
  }
  outcome.connection = reader.connection();
  outcome.error = string(reader.error());
  return outcome;
}

/// Cut nowhere, anywhere and everywhere, with a request behind it: it must be the same.
void check_header(const string& header, const std::optional<ProxiedConnection>& connection) {
  const string wire = header + "PING\r\n";
  for (std::size_t cut = 1; cut <= wire.size(); ++cut) {
    for (const std::size_t size : {std::size_t{1}, wire.size()}) {
      const Outcome outcome = read(wire, cut, size);
      CHECK(outcome.status == ProxyHeaderStatus::kComplete);
      CHECK_EQ(outcome.taken, header.size());
      CHECK(outcome.connection == connection);
    }
  }
  const Outcome begun = read(header.substr(0, header.size() - 1), 1, 1);
  CHECK(begun.status == ProxyHeaderStatus::kNeedMore);
}

void check_error(const string& wire, const string& error) {
  for (const std::size_t size : {std::size_t{1}, wire.size()}) {
    const Outcome outcome = read(wire, size, size);
    CHECK(outcome.status == ProxyHeaderStatus::kError);
    CHECK_EQ(outcome.error, error);
  }
}

TEST(a_line_of_version_1_names_both_ends) {
  check_header("PROXY TCP4 10.1.2.3 10.9.8.7 258 6379\r\n", ends("10.1.2.3", "10.9.8.7"));
  check_header("PROXY TCP6 fd00::1 fd00::2 258 6379\r\n", ends("fd00::1", "fd00::2"));
  check_header("PROXY TCP4 0.0.0.0 255.255.255.255 0 6379\r\n",
               ends("0.0.0.0", "255.255.255.255", 0));
  check_header("PROXY TCP6 ::ffff:10.1.2.3 ::1 65535 6379\r\n", ends("10.1.2.3", "::1", 65535));
}

TEST(the_longest_line_has_107_bytes) {
  const string unknown = "PROXY UNKNOWN "s;
  check_header(unknown + string(105 - unknown.size(), 'x') + "\r\n", std::nullopt);
  check_error(unknown + string(106 - unknown.size(), 'x') + "\r\n",
              "of version 1 has more than 107 bytes");
  check_error(unknown + string(200, 'x'), "of version 1 has more than 107 bytes");
  const string full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  check_header("PROXY TCP6 " + full + " " + full + " 258 6379\r\n",
               ends(full.c_str(), full.c_str()));
}

TEST(a_sender_that_knows_no_addresses_says_unknown) {
  check_header("PROXY UNKNOWN\r\n", std::nullopt);
  check_header("PROXY UNKNOWN 10.1.2.3 10.9.8.7 1 2\r\n", std::nullopt);
}

TEST(a_malformed_line_is_an_error) {
  for (const char* rest :
       {"", "TCP4", "UNKNOWNX", "TCP5 10.1.2.3 10.9.8.7 1 2", "tcp4 10.1.2.3 10.9.8.7 1 2",
        "TCP4 10.1.2.3 10.9.8.7 1", "TCP4 10.1.2.3 10.9.8.7 1 2 3", "TCP4  10.1.2.3 10.9.8.7 1 2",
        "TCP4 10.1.2.3 10.9.8.7 1 2 ", "TCP4 10.1.2.3 10.9.8.7 1 65536",
        "TCP4 10.1.2.3 10.9.8.7 01 2", "TCP4 10.1.2.3 10.9.8.7 -1 2", "TCP4 10.1.2.3 10.9.8.7 1 x",
        "TCP4 10.1.2.300 10.9.8.7 1 2", "TCP4 fd00::1 fd00::2 1 2", "TCP6 10.1.2.3 10.9.8.7 1 2",
        "TCP4 10.1.2.3\r10.9.8.7 1 2", "TCP6 fd00::1%eth0 fd00::2 1 2"}) {
    check_error("PROXY "s + rest + "\r\n", "of version 1 is malformed");
  }
  check_error("PROXY TCP4 10.1.2.3 10.9.8.7 1 2\n", "of version 1 is malformed");
}

TEST(other_bytes_are_no_header_from_the_first_that_differs) {
  for (const string& wire :
       {"*1\r\n$4\r\nPING\r\n"s, "PING\r\n"s, "PROXYX"s, "proxy TCP4"s, "\r\n\r\nPING\r\n"s, "\0"s,
        "\r\n\r\n\0\r\nQUIT\r\n"s, "GET / HTTP/1.1\r\n"s}) {
    check_error(wire, "is missing");
  }
  const Outcome outcome = read("PRX", 3, 3);
  CHECK_EQ(outcome.taken, 3U);
}

TEST(version_2_names_both_ends) {
  check_header(of_version_2(kProxy, kTcp4, kBlock4), ends("10.1.2.3", "10.9.8.7"));
  check_header(of_version_2(kProxy, kTcp6, kBlock6), ends("fd00::1", "fd00::2"));
}

TEST(what_follows_the_addresses_is_skipped_up_to_a_limit) {
  const std::size_t room = ProxyHeaderReader::kBinaryMost - 16;
  check_header(of_version_2(kProxy, kTcp4, kBlock4 + "\x03\0\x04\xde\xad\xbe\xef"s),
               ends("10.1.2.3", "10.9.8.7"));
  const string longest = kBlock4 + string(room - kBlock4.size(), 'x');
  const Outcome outcome = read(of_version_2(kProxy, kTcp4, longest) + "PING\r\n", 1000, 1000);
  CHECK(outcome.status == ProxyHeaderStatus::kComplete);
  CHECK_EQ(outcome.taken, ProxyHeaderReader::kBinaryMost);
  CHECK(outcome.connection == ends("10.1.2.3", "10.9.8.7"));
  check_error(of_version_2(kProxy, kTcp4, longest + "x"), "of version 2 has more than 4096 bytes");
}

TEST(a_sender_that_speaks_for_itself_says_local) {
  check_header(of_version_2(kLocal, 0, ""), std::nullopt);
  // What it says of families and addresses means nothing.
  check_header(of_version_2(kLocal, kTcp4, kBlock4), std::nullopt);
  check_header(of_version_2(kLocal, '\x7f', "xyz"), std::nullopt);
}

TEST(connections_without_ip_addresses_are_told_without_them) {
  check_header(of_version_2(kProxy, 0, ""), std::nullopt);
  check_header(of_version_2(kProxy, 0, "xyz"), std::nullopt);
  check_header(of_version_2(kProxy, 0x31, string(216, 'p')), std::nullopt);
  // Nobody reaches a TCP listener by datagrams.
  check_header(of_version_2(kProxy, 0x12, kBlock4), std::nullopt);
}

TEST(version_2_with_what_nobody_knows_is_an_error) {
  check_error(of_version_2(0x11, kTcp4, kBlock4), "has a version that is not known");
  check_error(of_version_2(0x22, kTcp4, kBlock4), "has a command that is not known");
  check_error(of_version_2(kProxy, 0x41, kBlock4), "has a family of addresses that is not known");
  check_error(of_version_2(kProxy, 0x13, kBlock4), "has a family of addresses that is not known");
}

TEST(version_2_without_room_for_its_addresses_is_an_error) {
  const auto shorter = [](const string& block) { return block.substr(0, block.size() - 1); };
  const string error = "has no room for its addresses";
  check_error(of_version_2(kProxy, kTcp4, shorter(kBlock4)), error);
  check_error(of_version_2(kProxy, kTcp6, shorter(kBlock6)), error);
  check_error(of_version_2(kProxy, 0x31, string(215, 'p')), error);
}

TEST(only_a_header_that_has_begun_has_begun) {
  ProxyHeaderReader reader;
  CHECK(!reader.begun());
  CHECK(reader.read(bytes_of("P")) == ProxyHeaderStatus::kNeedMore);
  CHECK(reader.begun());
}

}  // namespace
}  // namespace slotgate::test
