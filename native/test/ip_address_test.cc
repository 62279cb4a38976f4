// Texts of addresses, against those of the system.
#include "core/ip_address.h"

#include <arpa/inet.h>

#include <array>
#include <string>
#include <string_view>

#include "test/check.h"
#include "test/random.h"

namespace slotgate::test {
namespace {

/// The system's reading; nothing if it refuses the text.
std::optional<IpAddress> by_system(int family, const std::string& text) {
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return family == AF_INET ? ipv4_address(bytes.data()) : ipv6_address(bytes.data());
}

void check_like_system(const std::string& text) {
  const bool same =
      parse_ipv4(text) == by_system(AF_INET, text) && parse_ipv6(text) == by_system(AF_INET6, text);
  CHECK_EQ(same ? text : "otherwise: " + text, text);
}

TEST(an_address_is_read_as_the_system_reads_it) {
  for (const char* text : {"0.0.0.0",
                           "127.0.0.1",
                           "255.255.255.255",
                           "256.0.0.1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "01.2.3.4",
                           "1.2.3.4 ",
                           "1..3.4",
                           ".1.2.3",
                           "1.2.3.",
                           "-1.2.3.4",
                           "+1.2.3.4",
                           "1.2.3.0x4",
                           "",
                           "::",
                           "::1",
                           "1::",
                           "fd00::1",
                           "FD00::AbCd",
                           "1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7::",
                           "::2:3:4:5:6:7:8",
                           "1::3:4:5:6:7:8",
                           "1:2:3:4:5:6:7",
                           ":1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7:8:",
                           "1:2:3:4:5:6:7:8:9",
                           ":::",
                           "1:::2",
                           "1::2::3",
                           ":",
                           "12345::",
                           "g::",
                           "::ffff:1.2.3.4",
                           "::1.2.3.4",
                           "1.2.3.4::",
                           "64:ff9b::1.2.3.4",
                           "1:2:3:4:5:6:1.2.3.4",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "1:2:3:4:5:1.2.3.4",
                           "::1.2.3.4:5",
                           "::1.2.3",
                           "::ffff:0102:0304",
                           "::1%lo",
                           "[::1]",
                           "fe80::1/64"}) {
    check_like_system(text);
  }
}

TEST(an_address_that_is_mapped_is_one_of_ipv4) {
  CHECK(parse_ipv6("::ffff:10.1.2.3") == parse_ipv4("10.1.2.3"));
  CHECK(parse_ipv6("::ffff:a01:203") == parse_ipv4("10.1.2.3"));
  CHECK(parse_ipv6("::10.1.2.3") != parse_ipv4("10.1.2.3"));
}

TEST(texts_with_a_wrong_letter_are_read_as_the_system_reads_them) {
  constexpr std::string_view kLetters = "0123456789abF:.";
  Random random(20260);
  for (int i = 0; i < 50000; ++i) {
    std::string bytes = random.bytes(16);
    // Zeros are what is written shorter.
    for (char& byte : bytes) byte = random.below(2) == 0 ? '\0' : byte;
    char written[INET6_ADDRSTRLEN] = "";
    inet_ntop(random.below(3) == 0 ? AF_INET : AF_INET6, bytes.data(), written, sizeof written);
    std::string text = written;
    check_like_system(text);
    text[random.below(text.size())] = kLetters[random.below(kLetters.size())];
    check_like_system(text);
  }
}

}  // namespace
}  // namespace slotgate::test
