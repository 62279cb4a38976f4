// Which clients of a listener are shown what.
#include <arpa/inet.h>
#include <netinet/in.h>

#include "plane/peer_rules.h"
#include "test/check.h"

namespace slotgate::test {
namespace {

sockaddr_storage peer(const std::string& host) {
  sockaddr_storage address{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    address.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    address.ss_family = AF_INET6;
  } else {
    address.ss_family = AF_UNIX;
  }
  return address;
}

std::optional<IpAddress> ip(const std::string& host) { return ip_of(peer(host)); }

bool holds(const char* range, const char* host) {
  const auto parsed = parse_address_range(range);
  const auto address = ip(host);
  CHECK(parsed.has_value());
  CHECK(address.has_value());
  return parsed && address && parsed->holds(*address);
}

TEST(a_range_holds_what_shares_its_first_bits) {
  CHECK(holds("10.1.0.0/16", "10.1.255.3"));
  CHECK(!holds("10.1.0.0/16", "10.2.0.0"));
  CHECK(holds("10.1.2.3/16", "10.1.9.9"));
  CHECK(holds("192.168.7.128/25", "192.168.7.255"));
  CHECK(!holds("192.168.7.128/25", "192.168.7.127"));
  CHECK(holds("192.168.7.129", "192.168.7.129"));
  CHECK(!holds("192.168.7.129", "192.168.7.128"));
  CHECK(holds("0.0.0.0/0", "203.0.113.9"));
  CHECK(holds("fd00:1::/33", "fd00:1:7fff::1"));
  CHECK(!holds("fd00:1::/33", "fd00:1:8000::1"));
  CHECK(holds("::1", "::1"));
  CHECK(holds("::/0", "fe80::1"));
}

TEST(a_range_holds_addresses_of_its_own_kind_only) {
  CHECK(!holds("::/0", "10.0.0.1"));
  CHECK(!holds("0.0.0.0/0", "::1"));
  CHECK(!holds("::/8", "0.0.0.1"));
}

TEST(an_address_that_is_mapped_to_ipv6_is_one_of_ipv4) {
  CHECK(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(!holds("10.0.0.0/8", "::ffff:11.1.2.3"));
  CHECK(!holds("::/0", "::ffff:10.1.2.3"));
  CHECK(holds("::ffff:10.0.0.0/104", "10.255.0.1"));
  CHECK(!holds("::ffff:10.0.0.0/104", "11.0.0.1"));
  CHECK(holds("::ffff:10.0.0.1", "::ffff:10.0.0.1"));
}

TEST(what_is_no_range_is_nothing) {
  for (const char* text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0/8",
        "::/129", "::1/x", "host", "10.0.0.0/8/8", " 10.0.0.1", "::ffff:10.0.0.0/95"}) {
    CHECK(!parse_address_range(text).has_value());
  }
}

TEST(the_first_rule_that_holds_the_peer_decides) {
  const std::vector<PeerRule> rules = {{parse_address_range("10.1.0.0/16"), 3},
                                       {parse_address_range("10.0.0.0/8"), 2},
                                       {parse_address_range("fd00::/8"), 4},
                                       {std::nullopt, 1}};
  CHECK_EQ(presentation_of(rules, ip("10.1.2.3")), 3);
  CHECK_EQ(presentation_of(rules, ip("10.2.2.3")), 2);
  CHECK_EQ(presentation_of(rules, ip("::ffff:10.1.2.3")), 3);
  CHECK_EQ(presentation_of(rules, ip("fd12::1")), 4);
  CHECK_EQ(presentation_of(rules, ip("11.0.0.1")), 1);
}

TEST(peers_of_unix_sockets_are_for_the_last_rule) {
  const std::vector<PeerRule> rules = {{std::nullopt, 5}, {std::nullopt, 6}};
  CHECK_EQ(presentation_of(rules, ip("/run/proxy.sock")), 6);
  CHECK_EQ(presentation_of(rules, ip("127.0.0.1")), 5);
}

TEST(a_header_is_expected_of_trusted_senders) {
  ListenerRules rules;
  CHECK(!rules.expects_header(peer("10.0.0.1")));
  CHECK(!rules.expects_header(peer("/run/proxy.sock")));
  rules.senders = {*parse_address_range("10.0.0.0/8"), *parse_address_range("fd00::1")};
  CHECK(rules.expects_header(peer("10.0.0.1")));
  CHECK(rules.expects_header(peer("::ffff:10.0.0.1")));
  CHECK(rules.expects_header(peer("fd00::1")));
  CHECK(!rules.expects_header(peer("fd00::2")));
  CHECK(!rules.expects_header(peer("/run/proxy.sock")));
  rules.trusts_unix_sockets = true;
  CHECK(rules.expects_header(peer("/run/proxy.sock")));
  CHECK(!rules.expects_header(peer("127.0.0.1")));
}

}  // namespace
}  // namespace slotgate::test
