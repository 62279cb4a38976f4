#pragma once

#include <napi.h>

namespace slotgate {

/// Adds to `exports`:
///   trimMemory(): void   gives memory that was freed back to the system, where malloc keeps it
void define_memory(Napi::Env env, Napi::Object exports);

}  // namespace slotgate
