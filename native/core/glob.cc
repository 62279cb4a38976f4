#include "core/glob.h"

#include <cstddef>
#include <utility>

namespace slotgate {

namespace {

struct SetResult {
  bool matches;
  std::size_t end;  ///< behind the closing bracket, or the pattern's end where there is none
};

/// The set that begins behind the `[` at `start - 1`.
SetResult match_set(std::string_view pattern, std::size_t start, char c) noexcept {
  std::size_t i = start;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool listed = false;
  const auto given = static_cast<unsigned char>(c);
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      ++i;
      listed = listed || pattern[i] == c;
      ++i;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      auto low = static_cast<unsigned char>(pattern[i]);
      auto high = static_cast<unsigned char>(pattern[i + 2]);
      if (low > high) std::swap(low, high);
      listed = listed || (low <= given && given <= high);
      i += 3;
    } else {
      listed = listed || pattern[i] == c;
      ++i;
    }
  }
  return {listed != negated, i < pattern.size() ? i + 1 : i};
}

/// Matches one character of the text; `end` is where the pattern goes on.
bool match_one(std::string_view pattern, std::size_t at, char c, std::size_t& end) noexcept {
  switch (pattern[at]) {
    case '?':
      end = at + 1;
      return true;
    case '[': {
      const SetResult set = match_set(pattern, at + 1, c);
      end = set.end;
      return set.matches;
    }
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      break;
    default:
      break;
  }
  end = at + 1;
  return pattern[at] == c;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t behind_star = kNone;
  std::size_t star_text = 0;
  while (t < text.size()) {
    std::size_t end = p;
    if (p < pattern.size() && pattern[p] == '*') {
      behind_star = ++p;
      star_text = t;
    } else if (p < pattern.size() && match_one(pattern, p, text[t], end)) {
      p = end;
      ++t;
    } else if (behind_star != kNone) {
      // The last `*` takes one character more, and the rest is tried again behind it.
      p = behind_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

std::string glob_prefix(std::string_view pattern) {
  std::string prefix;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' || c == '?' || c == '[') break;
    if (c == '\\' && i + 1 < pattern.size()) ++i;
    prefix += pattern[i];
  }
  return prefix;
}

}  // namespace slotgate
