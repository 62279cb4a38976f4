#include "core/crc16.h"

#include <array>
#include <cstring>

#include "core/word.h"

namespace slotgate {
namespace {

using Table = std::array<std::uint16_t, 256>;

/// kTables[k][b] is the CRC of the byte `b` followed by `k` zero bytes.
constexpr std::array<Table, 8> make_tables() noexcept {
  std::array<Table, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc << 1) ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U)) & 0xffffU;
    }
    tables[0][byte] = static_cast<std::uint16_t>(crc);
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] =
          static_cast<std::uint16_t>(((shorter << 8) & 0xffffU) ^ tables[0][shorter >> 8]);
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

/// CRC of the first `size` < 8 bytes. The lookups do not wait for each other.
std::uint32_t crc_of_head(const std::uint8_t* data, std::size_t size) noexcept {
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < size; ++i) crc ^= kTables[size - 1 - i][data[i]];
  return crc;
}

bool contains_brace(Bytes key) noexcept {
  if (key.size < 8) return word_has_byte(load_short_word(key.data, key.size), '{');
  const std::uint8_t* const last = key.data + key.size - 8;
  for (const std::uint8_t* word = key.data; word < last; word += 8) {
    if (word_has_byte(load_word(word), '{')) return true;
  }
  return word_has_byte(load_word(last), '{');
}

/// The part of `key` that is hashed; `key` contains a "{".
Bytes hashed_part(Bytes key) noexcept {
  const std::uint8_t* const end = key.data + key.size;
  const auto* const open = static_cast<const std::uint8_t*>(std::memchr(key.data, '{', key.size));
  const std::uint8_t* const tag = open + 1;
  const auto rest = static_cast<std::size_t>(end - tag);
  const auto* const close = static_cast<const std::uint8_t*>(std::memchr(tag, '}', rest));
  if (close == nullptr || close == tag) return key;
  return {tag, static_cast<std::size_t>(close - tag)};
}

}  // namespace

// Zero bytes in front do not change this CRC, so the odd bytes are taken first, as the end of a
// block of eight; then no byte-wise tail with its chain of dependent loads is left.
std::uint16_t crc16(Bytes data) noexcept {
  const std::size_t head = data.size % 8;
  const std::uint8_t* byte = data.data + head;
  const std::uint8_t* const end = data.data + data.size;
  std::uint32_t crc = crc_of_head(data.data, head);
  for (; byte != end; byte += 8) {
    crc = kTables[7][byte[0] ^ (crc >> 8)] ^ kTables[6][byte[1] ^ (crc & 0xffU)] ^
          kTables[5][byte[2]] ^ kTables[4][byte[3]] ^ kTables[3][byte[4]] ^ kTables[2][byte[5]] ^
          kTables[1][byte[6]] ^ kTables[0][byte[7]];
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint16_t slot_for_key(Bytes key) noexcept {
  const Bytes hashed = contains_brace(key) ? hashed_part(key) : key;
  return static_cast<std::uint16_t>(crc16(hashed) % kSlotCount);
}

}  // namespace slotgate
