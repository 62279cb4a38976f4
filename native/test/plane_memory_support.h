#pragma once

#include <cstddef>
#include <string>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {

inline constexpr std::size_t kMegabyte = 1'000'000;
/// Adds little to a transaction.
inline const std::string kMore = "GET x";

[[nodiscard]] inline std::string set_of(std::size_t megabytes) {
  return "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n" + bulk(std::string(megabytes * kMegabyte / 2, 'v'));
}

/// Has the client use about so many megabytes from now on, and no more when it adds a little: in a
/// transaction, what it uses is exact.
inline void use(TestClient& client, std::size_t megabytes) {
  CHECK_EQ(client.call("MULTI"), "+OK\r\n");
  client.send(set_of(megabytes));
  CHECK_EQ(client.reply(), "+QUEUED\r\n");
  CHECK_EQ(client.call(kMore), "+QUEUED\r\n");
}

}  // namespace slotgate::test
