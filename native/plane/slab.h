#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace slotgate {

/// "No object": the end of a list of indexes.
inline constexpr std::uint32_t kNoIndex = 0xffffffff;

/// Objects that never move, named by 32-bit indexes, recycled last in first out.
/// take() hands out an object as give() left it: the caller resets what it needs.
template <typename T, std::uint32_t kPerBlockLog2 = 9>
class Slab {
 public:
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

 private:
  static constexpr std::uint32_t kPerBlock = 1U << kPerBlockLog2;
  static constexpr std::uint32_t kMask = kPerBlock - 1;

  void grow() {
    const std::uint32_t first = extent();
    blocks_.push_back(std::make_unique<T[]>(kPerBlock));
    free_.reserve(first + kPerBlock);
    for (std::uint32_t i = kPerBlock; i > 0; --i) free_.push_back(first + i - 1);
  }

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
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
