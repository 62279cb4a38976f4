#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace slotgate {

/// What a worker's memory is used for.
enum class MemoryKind : std::uint8_t {
  kInput,         ///< received from clients, and not yet requests
  kOutput,        ///< for clients, and not yet sent
  kRequests,      ///< requests that are held, and replies that wait for older ones
  kLinks,         ///< requests that servers have not answered, and beginnings of replies
  kTransactions,  ///< commands between MULTI and EXEC
  kChunks,        ///< what links deliver in one turn
  kRecords,       ///< of clients, requests and split requests
};
inline constexpr std::size_t kMemoryKinds = 7;

/// Bytes that the thread has allocated for traffic and not freed, as the allocator rounds them.
struct MemoryUse {
  std::int64_t total = 0;
  std::array<std::int64_t, kMemoryKinds> by_kind{};
};
extern constinit thread_local MemoryUse memory_use;

inline void count_memory(MemoryKind kind, std::int64_t bytes) noexcept {
  memory_use.total += bytes;
  memory_use.by_kind[static_cast<std::size_t>(kind)] += bytes;
}

/// Gives the memory of whole pages back to the system; it reads as zeros then.
void give_pages_back(void* memory, std::size_t size) noexcept;

/// Has the allocator give back large buffers when they are freed. Once, before there are threads.
void prepare_allocator() noexcept;

/// Gives freed memory back to the system, where the allocator keeps it.
void give_free_memory_back() noexcept;

/// How much of the heap the allocation takes.
[[nodiscard]] std::size_t allocated_size(void* memory) noexcept;

/// Frees and discounts what own_bytes() gave.
template <MemoryKind kKind>
struct FreeBytes {
  void operator()(std::uint8_t* bytes) const noexcept {
    count_memory(kKind, -static_cast<std::int64_t>(allocated_size(bytes)));
    delete[] bytes;
  }
};
/// The same where the kind is known only when it runs.
struct FreeBytesOfKind {
  MemoryKind kind;
  void operator()(std::uint8_t* bytes) const noexcept {
    count_memory(kind, -static_cast<std::int64_t>(allocated_size(bytes)));
    delete[] bytes;
  }
};

/// `size` bytes without content.
[[nodiscard]] inline std::uint8_t* allocate_counted(MemoryKind kind, std::size_t size) {
  auto* const bytes = new std::uint8_t[size];
  count_memory(kind, static_cast<std::int64_t>(allocated_size(bytes)));
  return bytes;
}

template <MemoryKind kKind>
using OwnedBytes = std::unique_ptr<std::uint8_t[], FreeBytes<kKind>>;
template <MemoryKind kKind>
[[nodiscard]] OwnedBytes<kKind> own_bytes(std::size_t size) {
  return OwnedBytes<kKind>(allocate_counted(kKind, size));
}

/// A request's frame or reply.
using RequestBytes = OwnedBytes<MemoryKind::kRequests>;
[[nodiscard]] inline RequestBytes request_bytes(std::size_t size) {
  return own_bytes<MemoryKind::kRequests>(size);
}

}  // namespace slotgate
