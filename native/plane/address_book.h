#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/ip_address.h"
#include "plane/pace.h"

namespace slotgate {

/// What the clients of one address use together.
struct AddressPaces {
  Pace connections;
  Pace commands;
  Pace bytes;
};

/// The addresses from which clients came of late, with what each has used: for all workers, as the
/// clients of an address are anywhere. Any thread; asked once or twice per connection, and only
/// where rates of addresses are limited.
class AddressBook {
 public:
  /// Addresses without clients that are remembered; the one that came first is forgotten first.
  static constexpr std::size_t kStrangersMost = 10'000;

  /// The entry of an address stays for as long as somebody has it.
  [[nodiscard]] std::shared_ptr<AddressPaces> entry(std::uint32_t database, const IpAddress& ip);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Key {
    std::uint32_t database = 0;
    IpAddress ip;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };

  void forget_some();

  mutable std::mutex mutex_;
  std::unordered_map<Key, std::shared_ptr<AddressPaces>, Hash> entries_;
  std::deque<Key> oldest_first_;  ///< the keys of entries_
};

}  // namespace slotgate
