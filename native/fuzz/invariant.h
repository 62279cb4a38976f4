#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace slotgate::fuzz {

/// Ends the process, which a fuzzer reports, unless the invariant holds.
inline void require(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "broken invariant: %s\n", invariant);
  std::abort();
}

/// Both texts must be equal.
inline void require_same(const std::string& left, const std::string& right, const char* invariant) {
  if (left != right) std::fprintf(stderr, "%s---\n%s", left.c_str(), right.c_str());
  require(left == right, invariant);
}

}  // namespace slotgate::fuzz
