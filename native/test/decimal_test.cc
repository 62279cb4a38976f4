#include "core/decimal.h"

#include <cstdint>
#include <limits>
#include <string>

#include "core/word.h"
#include "test/check.h"

namespace slotgate::test {
namespace {

std::string read(std::string_view text) {
  std::int64_t value = 4711;
  if (parse_decimal(bytes_of(text), value)) return std::to_string(value);
  CHECK_EQ(value, 4711);
  return "none";
}

}  // namespace

TEST(canonical_numbers_are_read) {
  for (const char* text : {"0", "1", "9", "10", "-1", "-10", "1048576", "9223372036854775807",
                           "-9223372036854775807", "-9223372036854775808"}) {
    CHECK_EQ(read(text), text);
  }
}

TEST(other_spellings_are_refused) {
  for (const char* text : {"", "-", "+1", "00", "01", "-0", "-01", " 1", "1 ", "1a", "a", "0x1",
                           "1.0",
                           "9223372036854775808", "-9223372036854775809", "18446744073709551616",
                           "99999999999999999999", "--1", "1-", "/", ":"}) {
    CHECK_EQ(read(text), "none");
  }
}

TEST(numbers_are_written) {
  for (const std::uint32_t value : {0U, 1U, 9U, 10U, 99U, 100U, 12345U, 999999999U, 1000000000U,
                                    std::numeric_limits<std::uint32_t>::max()}) {
    std::uint8_t out[16] = {};
    std::uint8_t* const end = write_decimal(out, value);
    const std::string text(&out[0], end);
    CHECK_EQ(text, std::to_string(value));
    CHECK_EQ(decimal_digits(value), text.size());
  }
  std::uint8_t out[16] = {};
  std::uint8_t* const end = write_length_line(out, '$', 120);
  CHECK_EQ(std::string(&out[0], end), "$120\r\n");
}

TEST(case_is_folded_in_words_and_bytes) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool upper = byte >= 'A' && byte <= 'Z';
    const auto expected = static_cast<std::uint8_t>(upper ? byte + 32 : byte);
    CHECK_EQ(int{fold_case(static_cast<std::uint8_t>(byte))}, int{expected});
    for (unsigned at = 0; at < 64; at += 8) {
      const std::uint64_t word = 0x5aff417b00405b7aU;  // neighbours at the edges of the range
      const std::uint64_t hole = ~(std::uint64_t{0xff} << at);
      const std::uint64_t folded = fold_case((word & hole) | (std::uint64_t{byte} << at));
      CHECK_EQ((folded >> at) & 0xff, expected);
    }
  }
}

TEST(short_words_are_loaded) {
  const std::string text = "abcdefg";
  for (std::size_t size = 0; size < 8; ++size) {
    std::uint64_t expected = 0;
    for (std::size_t i = size; i > 0; --i) {
      expected = (expected << 8) | static_cast<std::uint8_t>(text[i - 1]);
    }
    const std::string exact = text.substr(0, size);
    CHECK_EQ(load_short_word(bytes_of(exact).data, size), expected);
  }
}

TEST(a_byte_is_found_in_a_word) {
  for (unsigned at = 0; at < 64; at += 8) {
    const std::uint64_t word = 0x7c7a7c7a7c7a7c7aU;
    CHECK(!word_has_byte(word, '{'));
    CHECK(word_has_byte((word & ~(std::uint64_t{0xff} << at)) | (std::uint64_t{'{'} << at), '{'));
  }
}

}  // namespace slotgate::test
