#include "core/sha1.h"

#include <string>

#include "test/check.h"

namespace slotgate::test {
namespace {

std::string sha1_text(const std::string& data) { return hex_text(sha1(bytes_of(data))); }

TEST(sha1_gives_the_reference_values) {
  CHECK_EQ(sha1_text(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK_EQ(sha1_text("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK_EQ(sha1_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
           "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK_EQ(sha1_text(std::string(1000000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(sha1_pads_data_that_ends_around_a_block) {
  CHECK_EQ(sha1_text(std::string(55, 'x')), "cef734ba81a024479e09eb5a75b6ddae62e6abf1");
  CHECK_EQ(sha1_text(std::string(56, 'x')), "901305367c259952f4e7af8323f480d59f81335b");
  CHECK_EQ(sha1_text(std::string(57, 'x')), "025ecbd5d70f8fb3c5457cd96bab13fda305dc59");
  CHECK_EQ(sha1_text(std::string(63, 'x')), "0ddc4e0cccd9a12850deb5abb0853a4425559fec");
  CHECK_EQ(sha1_text(std::string(64, 'x')), "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163");
  CHECK_EQ(sha1_text(std::string(65, 'x')), "78c741ddc482e4cdf8c474a0876347a0905b6233");
  CHECK_EQ(sha1_text(std::string(119, 'x')), "4300320394f7ee239bcdce7d3b8bcee173a0cd5c");
  CHECK_EQ(sha1_text(std::string(120, 'x')), "ceb2821639c4b6dcb10bce0e522ca2e608ce056d");
}

TEST(sha1_digests_are_read_in_any_case) {
  const Sha1Digest digest = sha1(bytes_of("abc"));
  Sha1Digest read{};
  CHECK(parse_hex(bytes_of("a9993e364706816aba3e25717850c26c9cd0d89d"), read));
  CHECK(read == digest);
  read = {};
  CHECK(parse_hex(bytes_of("A9993E364706816ABA3E25717850C26C9CD0D89D"), read));
  CHECK(read == digest);
}

TEST(what_is_not_40_hexadecimal_digits_is_no_digest) {
  Sha1Digest read{};
  CHECK(!parse_hex(bytes_of(""), read));
  CHECK(!parse_hex(bytes_of(std::string(39, 'a')), read));
  CHECK(!parse_hex(bytes_of(std::string(41, 'a')), read));
  CHECK(!parse_hex(bytes_of(std::string(39, 'a') + "g"), read));
  CHECK(!parse_hex(bytes_of(std::string(39, 'a') + "/"), read));
  CHECK(!parse_hex(bytes_of("@" + std::string(39, 'a')), read));
}

}  // namespace
}  // namespace slotgate::test
