#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "plane/owned_bytes.h"

namespace slotgate {

/// A queue of bytes in one piece of memory: appended at the back, consumed at the front.
///
///   | free |  data ......  |   room   |
///   0      head_           tail_      capacity_
///
/// Consuming never moves bytes; making room does, and it moves only what is still in the queue.
/// An empty buffer that was released owns no memory.
class ByteBuffer {
 public:
  /// `kind`: what its memory counts as.
  explicit ByteBuffer(MemoryKind kind) noexcept : memory_(nullptr, FreeBytesOfKind{kind}) {}

  [[nodiscard]] const std::uint8_t* data() const noexcept { return memory_.get() + head_; }
  [[nodiscard]] std::uint8_t* data() noexcept { return memory_.get() + head_; }
  [[nodiscard]] std::size_t size() const noexcept { return tail_ - head_; }
  [[nodiscard]] bool empty() const noexcept { return tail_ == head_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - tail_; }

  /// Room for `count` bytes behind the data; valid until the next call that is not const.
  [[nodiscard]] std::uint8_t* prepare(std::size_t count) {
    if (capacity_ - tail_ < count) make_room(count);
    return memory_.get() + tail_;
  }
  /// The first `count` bytes of the prepared room are data now.
  void commit(std::size_t count) noexcept {
    assert(capacity_ - tail_ >= count);
    tail_ += count;
  }
  void append(const void* bytes, std::size_t count) {
    if (count == 0) return;
    std::memcpy(prepare(count), bytes, count);
    tail_ += count;
  }
  void consume(std::size_t count) noexcept {
    assert(count <= size());
    head_ += count;
    if (head_ == tail_) head_ = tail_ = 0;
  }
  void clear() noexcept { head_ = tail_ = 0; }
  /// Gives back what is more than `most`, if the data fit in that.
  void shrink(std::size_t most) {
    if (capacity_ <= most || size() > most) return;
    if (empty()) {
      release();
    } else {
      move_to(most);
    }
  }
  /// Gives the memory back; what was in the queue is lost.
  void release() noexcept {
    memory_.reset();
    head_ = tail_ = capacity_ = 0;
  }

 private:
  static constexpr std::size_t kSmallest = 4096;

  void make_room(std::size_t count) {
    const std::size_t used = size();
    // Half of the memory free after moving keeps the moves amortized.
    if (used + count <= capacity_ && used <= capacity_ / 2) {
      std::memmove(memory_.get(), memory_.get() + head_, used);
    } else {
      move_to(std::max({kSmallest, capacity_ * 2, used + count}));
      return;
    }
    head_ = 0;
    tail_ = used;
  }
  void move_to(std::size_t capacity) {
    const std::size_t used = size();
    std::uint8_t* const other = allocate_counted(memory_.get_deleter().kind, capacity);
    if (used != 0) std::memcpy(other, memory_.get() + head_, used);
    memory_.reset(other);
    capacity_ = capacity;
    head_ = 0;
    tail_ = used;
  }

  std::unique_ptr<std::uint8_t[], FreeBytesOfKind> memory_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace slotgate
