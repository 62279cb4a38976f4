#include "plane/owned_bytes.h"

#include <sys/mman.h>

#include <cstring>

#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

namespace slotgate {

constinit thread_local MemoryUse memory_use;

void give_pages_back(void* memory, std::size_t size) noexcept {
  // Where this does not work the memory is kept, but whoever reads it finds the same.
#ifdef __linux__
  if (madvise(memory, size, MADV_DONTNEED) == 0) return;
#endif
  std::memset(memory, 0, size);
}

void prepare_allocator() noexcept {
#ifdef __GLIBC__
  // By itself it learns from a burst to keep up to 64 MiB per thread for the next one, at a place
  // where malloc_trim() does not look for it. With a threshold set it learns nothing.
  mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
#endif
}

void give_free_memory_back() noexcept {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

std::size_t allocated_size(void* memory) noexcept {
#ifdef __APPLE__
  return malloc_size(memory);
#else
  return malloc_usable_size(memory);
#endif
}

}  // namespace slotgate
