#include "core/crc16.h"

#include <string>

#include "test/check.h"
#include "test/random.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

using std::string;
using std::string_literals::operator""s;

/// Bit by bit, as the polynomial is defined.
std::uint16_t slow_crc16(const string& data) {
  std::uint32_t crc = 0;
  for (const char c : data) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
    crc &= 0xffffU;
  }
  return static_cast<std::uint16_t>(crc);
}

/// The tag rules of the specification, written as it words them.
string slow_hashed_part(const string& key) {
  const std::size_t open = key.find('{');
  if (open == string::npos) return key;
  const std::size_t close = key.find('}', open);
  if (close == string::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

std::uint16_t slow_slot(const string& key) {
  return static_cast<std::uint16_t>(slow_crc16(slow_hashed_part(key)) % 16384);
}

}  // namespace

TEST(crc16_gives_the_reference_values) {
  CHECK_EQ(crc16(bytes_of("123456789")), 0x31c3);
  CHECK_EQ(crc16(bytes_of("")), 0);
  CHECK_EQ(crc16(bytes_of("A")), 0x58e5);
}

TEST(crc16_agrees_with_the_definition) {
  Random random(4);
  for (std::size_t size = 0; size < 200; ++size) {
    for (int round = 0; round < 10; ++round) {
      const string data = random.bytes(size);
      CHECK_EQ(crc16(bytes_of(data)), slow_crc16(data));
    }
  }
}

TEST(slots_of_known_keys) {
  CHECK_EQ(slot_for_key(bytes_of("123456789")), 12739);
  CHECK_EQ(slot_for_key(bytes_of("")), 0);
  CHECK_EQ(slot_for_key(bytes_of("foo")), 12182);
  CHECK_EQ(slot_for_key(bytes_of("bar")), 5061);
  CHECK_EQ(slot_for_key(bytes_of("hello")), 866);
  CHECK_EQ(slot_for_key(Bytes{}), 0);
}

TEST(hash_tags) {
  const auto same = [](const string& key, const string& other) {
    CHECK_EQ(slot_for_key(bytes_of(key)), slow_crc16(other) % 16384);
  };
  same("{user1000}.following", "user1000");
  same("{user1000}.followers", "user1000");
  same("foo{}{bar}", "foo{}{bar}");
  same("foo{{bar}}zap", "{bar");
  same("foo{bar}{zap}", "bar");
  same("{}", "{}");
  same("{", "{");
  same("}", "}");
  same("}{", "}{");
  same("{a", "{a");
  same("a}b{c}d", "c");
  same("{a}", "a");
  same("0123456{a}", "a");
  same("01234567{a}", "a");
  same("0123456789abcdef{a}", "a");
  same("0123456789abcdef{a", "0123456789abcdef{a");
  same("{\0}"s, "\0"s);
  same("\xfb\xfb{a}\xfd", "a");
}

TEST(slots_agree_with_the_definition) {
  Random random(5);
  constexpr std::string_view kBytes = "{}ab";
  for (int round = 0; round < 20000; ++round) {
    string key = random.bytes(random.below(40));
    for (char& byte : key) {
      if (random.below(3) == 0) byte = kBytes[random.below(kBytes.size())];
    }
    CHECK_EQ(slot_for_key(bytes_of(key)), slow_slot(key));
  }
}

}  // namespace slotgate::test
