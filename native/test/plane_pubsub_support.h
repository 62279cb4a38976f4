#pragma once

#include <string>
#include <vector>

#include "test/plane_support.h"

namespace slotgate::test {

/// A RESP3 push of bulk strings; `count` is added as an integer if it is not negative.
[[nodiscard]] std::string push_of(const std::vector<std::string>& words, int count = -1);
/// The same as a RESP2 client gets it.
[[nodiscard]] std::string array_of(const std::vector<std::string>& words, int count = -1);

/// Takes the next request, which must begin or end one subscription ("subscribe news"), and
/// confirms it. Returns the request.
Call confirm(FakeServer& server, const std::string& text);

/// Subscribes the client to a channel that has subscribers already: the server is asked, too.
void join(TestClient& client, FakeServer& server, const std::string& channel);

/// A connected client that speaks RESP3.
[[nodiscard]] TestClient connect_resp3(TestPlane& plane);

}  // namespace slotgate::test
