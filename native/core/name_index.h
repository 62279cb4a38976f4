#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace slotgate {

/// A perfect hash over a fixed set of short names: no collisions, so one probe and one comparison
/// find a name or prove that it is not there. Case is folded (ASCII).
///
///   name ──hash──▶ bucket ──displacement──▶ slot: the name's words and its number
///
/// The hash picks a bucket; the bucket's displacement, chosen by build(), moves its names to slots
/// that no other name uses ("compress, hash, displace").
class NameIndex {
 public:
  static constexpr std::uint16_t kNotFound = 0xffff;

  /// Indexes `names`: lower case, unique, not empty, fewer than kNotFound. They must outlive the
  /// index. False if no perfect hash was found, which two equal names cause.
  bool build(const std::vector<std::string_view>& names);

  /// Position of `name` in the list given to build(), or kNotFound.
  [[nodiscard]] std::uint16_t find(Bytes name) const noexcept;

 private:
  /// A name as words; together with the middle of a name longer than 16 bytes they are the name.
  struct Words {
    std::uint64_t head;
    std::uint64_t tail;
  };
  struct Slot {
    Words words{};
    std::uint32_t size = 0;
    std::uint16_t number = kNotFound;
  };

  static Words words_of(Bytes name) noexcept;
  static bool same_middle(Bytes name, std::string_view indexed) noexcept;
  [[nodiscard]] std::uint64_t hash(Bytes name, Words words) const noexcept;
  [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const noexcept;
  [[nodiscard]] std::size_t slot_of(std::uint64_t hash, std::uint32_t displacement) const noexcept;
  bool place_all(const std::vector<std::uint64_t>& hashes);
  bool place_bucket(const std::vector<std::uint16_t>& members,
                    const std::vector<std::uint64_t>& hashes, std::size_t bucket);

  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;                  // a power of two
  std::vector<std::uint32_t> displacements_;  // one per bucket, a power of two
  std::uint64_t seed_ = 0;
};

}  // namespace slotgate
