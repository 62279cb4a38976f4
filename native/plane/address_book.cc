#include "plane/address_book.h"

#include <functional>
#include <string_view>

namespace slotgate {

namespace {

/// Entries looked at for each that is added: more than one, so that the book shrinks again.
constexpr int kLooks = 8;

}  // namespace

std::size_t AddressBook::Hash::operator()(const Key& key) const noexcept {
  const std::string_view bytes{reinterpret_cast<const char*>(key.ip.bytes.data()),
                               key.ip.bytes.size()};
  return std::hash<std::string_view>{}(bytes) ^ (key.database * 0x9e3779b9U);
}

std::shared_ptr<AddressPaces> AddressBook::entry(std::uint32_t database, const IpAddress& ip) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Key key{database, ip};
  if (const auto known = entries_.find(key); known != entries_.end()) return known->second;
  forget_some();
  oldest_first_.push_back(key);
  return entries_[key] = std::make_shared<AddressPaces>();
}

std::size_t AddressBook::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entries_.size();
}

void AddressBook::forget_some() {
  for (int i = 0; i < kLooks && entries_.size() >= kStrangersMost; ++i) {
    const Key key = oldest_first_.front();
    oldest_first_.pop_front();
    const auto oldest = entries_.find(key);
    // Copies are made under the mutex only: nobody else can have got one by now.
    if (oldest->second.use_count() == 1) {
      entries_.erase(oldest);
    } else {
      oldest_first_.push_back(key);
    }
  }
}

}  // namespace slotgate
