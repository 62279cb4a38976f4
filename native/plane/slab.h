#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "plane/owned_bytes.h"

namespace slotgate {

/// "No object": the end of a list of indexes.
inline constexpr std::uint32_t kNoIndex = 0xffffffff;

/// Objects that never move, named by 32-bit indexes, recycled last in first out.
/// take() hands out an object as give() left it, or a new one: the caller resets what it needs.
///
/// Objects lie in blocks. Blocks of which no object is in use may be told to rest: their memory
/// goes back to the system, and reads as zeros until they are needed again. So a stale index finds
/// zeros at worst.
template <typename T, std::uint32_t kPerBlockLog2 = 9>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    std::vector<bool> rests(blocks_.size());
    for (const std::uint32_t block : resting_) rests[block] = true;
    for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
      if (!rests[block]) std::destroy_n(blocks_[block], kPerBlock);
      std::free(blocks_[block]);
    }
  }

  [[nodiscard]] T& operator[](std::uint32_t index) noexcept {
    return blocks_[index >> kPerBlockLog2][index & kMask];
  }

  [[nodiscard]] std::uint32_t take() {
    if (free_.empty()) grow();
    const std::uint32_t index = free_.back();
    free_.pop_back();
    ++used_;
    return index;
  }
  void give(std::uint32_t index) {
    free_.push_back(index);
    --used_;
  }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  /// Objects that exist, in use or not; their indexes are below this.
  [[nodiscard]] std::uint32_t extent() const noexcept {
    return static_cast<std::uint32_t>(blocks_.size()) << kPerBlockLog2;
  }
  /// Memory of the blocks that do not rest.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return (blocks_.size() - resting_.size()) * kBlockBytes;
  }

  /// Lets the blocks rest that hold nothing, if most of the objects are not in use, and were not
  /// at the last call.
  void rest() {
    const std::size_t awake = used_ + free_.size();
    const bool is_idle = awake > kRestFrom && used_ <= awake / 4;
    if (!std::exchange(was_idle_, is_idle) || !is_idle) return;
    std::vector<std::uint32_t> free_of(blocks_.size());
    for (const std::uint32_t index : free_) ++free_of[index >> kPerBlockLog2];
    std::erase_if(
        free_, [&](std::uint32_t index) { return free_of[index >> kPerBlockLog2] == kPerBlock; });
    free_.shrink_to_fit();
    for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
      if (free_of[block] == kPerBlock) put_to_rest(block);
    }
  }

 private:
  static constexpr std::uint32_t kPerBlock = 1U << kPerBlockLog2;
  static constexpr std::uint32_t kMask = kPerBlock - 1;
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kBlockBytes = (sizeof(T) * kPerBlock + kPage - 1) / kPage * kPage;
  /// Fewer objects are not worth it.
  static constexpr std::size_t kRestFrom = 16 * kPerBlock;

  void grow() {
    const std::uint32_t block = wake_or_add();
    T* const objects = blocks_[block];
    for (std::uint32_t i = 0; i < kPerBlock; ++i) ::new (objects + i) T();
    count_memory(MemoryKind::kRecords, static_cast<std::int64_t>(kBlockBytes));
    const std::uint32_t first = block << kPerBlockLog2;
    free_.reserve(free_.size() + used_ + kPerBlock);
    for (std::uint32_t i = kPerBlock; i > 0; --i) free_.push_back(first + i - 1);
  }
  std::uint32_t wake_or_add() {
    if (!resting_.empty()) {
      const std::uint32_t block = resting_.back();
      resting_.pop_back();
      return block;
    }
    void* const memory = std::aligned_alloc(kPage, kBlockBytes);
    if (memory == nullptr) std::abort();
    blocks_.push_back(static_cast<T*>(memory));
    return static_cast<std::uint32_t>(blocks_.size() - 1);
  }
  void put_to_rest(std::uint32_t block) {
    std::destroy_n(blocks_[block], kPerBlock);
    give_pages_back(blocks_[block], kBlockBytes);
    count_memory(MemoryKind::kRecords, -static_cast<std::int64_t>(kBlockBytes));
    resting_.push_back(block);
  }

  std::vector<T*> blocks_;
  std::vector<std::uint32_t> resting_;  ///< blocks
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
  bool was_idle_ = false;
};

/// A queue of indexes in a ring that doubles when it is full.
class IndexRing {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return tail_ - head_; }
  /// The i-th from the front.
  [[nodiscard]] std::uint32_t at(std::uint32_t i) const noexcept {
    return ring_[(head_ + i) & mask_];
  }
  [[nodiscard]] std::uint32_t front() const noexcept { return ring_[head_ & mask_]; }
  void push_back(std::uint32_t index) {
    if (ring_ == nullptr || size() > mask_) grow();
    ring_[tail_++ & mask_] = index;
  }
  std::uint32_t pop_front() noexcept { return ring_[head_++ & mask_]; }
  /// Gives the memory back if nothing is queued.
  void shrink() noexcept {
    if (!empty()) return;
    ring_.reset();
    mask_ = head_ = tail_ = 0;
  }

 private:
  void grow() {
    const std::uint32_t count = size();
    const std::uint32_t capacity = ring_ == nullptr ? 64 : (mask_ + 1) * 2;
    auto larger = std::make_unique_for_overwrite<std::uint32_t[]>(capacity);
    for (std::uint32_t i = 0; i < count; ++i) larger[i] = at(i);
    ring_ = std::move(larger);
    mask_ = capacity - 1;
    head_ = 0;
    tail_ = count;
  }

  std::unique_ptr<std::uint32_t[]> ring_;
  std::uint32_t mask_ = 0;
  std::uint32_t head_ = 0;  // both run freely; their difference is the size
  std::uint32_t tail_ = 0;
};

}  // namespace slotgate
