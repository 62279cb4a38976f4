#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace slotgate {

/// Collects what one client is sent in a turn, so that it takes one system call.
/// Small replies are copied next to each other, since an iovec costs more than copying them; large
/// ones are referenced where they lie.
class OutputGather {
 public:
  static constexpr std::size_t kScratchBytes = 64 * 1024;
  static constexpr std::size_t kCopyBelow = 4096;
  static constexpr std::size_t kPiecesMax = 64;

  /// True if `size` more bytes fit; else send what is there, clear() and add again.
  [[nodiscard]] bool fits(std::size_t size) const noexcept {
    return size < kCopyBelow ? kScratchBytes - used_ >= size : pieces_ + 2 <= kPiecesMax;
  }
  /// Adds bytes; those of kCopyBelow or more must stay valid until the send.
  void add(const std::uint8_t* data, std::size_t size) noexcept {
    if (size < kCopyBelow) {
      std::memcpy(scratch_.data() + used_, data, size);
      used_ += size;
    } else {
      close_run();
      iov_[pieces_++] = {const_cast<std::uint8_t*>(data), size};
    }
    total_ += size;
  }
  [[nodiscard]] std::size_t total() const noexcept { return total_; }
  /// The pieces in order; valid until clear().
  [[nodiscard]] iovec* pieces() noexcept {
    close_run();
    return iov_.data();
  }
  [[nodiscard]] std::size_t piece_count() const noexcept { return pieces_; }
  void clear() noexcept { used_ = run_start_ = total_ = pieces_ = 0; }

 private:
  void close_run() noexcept {
    if (used_ == run_start_) return;
    iov_[pieces_++] = {scratch_.data() + run_start_, used_ - run_start_};
    run_start_ = used_;
  }

  std::size_t used_ = 0;
  std::size_t run_start_ = 0;
  std::size_t total_ = 0;
  std::size_t pieces_ = 0;
  std::array<iovec, kPiecesMax + 1> iov_{};
  std::array<std::uint8_t, kScratchBytes> scratch_;
};

}  // namespace slotgate
