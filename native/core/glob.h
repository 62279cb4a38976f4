#pragma once

#include <string>
#include <string_view>

namespace slotgate {

/// True if `text` matches the glob `pattern` as servers match channels (`stringmatchlen`): `*`,
/// `?`, `[a-z]`, `[^a]`, and `\` in front of any of them. Case counts. The work is at most pattern
/// length times text length, whatever the pattern.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

/// What every text that `pattern` matches begins with: its literal characters up to the first that
/// is not.
[[nodiscard]] std::string glob_prefix(std::string_view pattern);

}  // namespace slotgate
