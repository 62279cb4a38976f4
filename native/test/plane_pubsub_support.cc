#include "test/plane_pubsub_support.h"

#include "test/check.h"

namespace slotgate::test {

namespace {

std::string frame(char type, const std::vector<std::string>& words, int count) {
  const std::size_t size = words.size() + (count < 0 ? 0 : 1);
  std::string bytes = type + std::to_string(size) + "\r\n";
  for (const std::string& word : words) bytes += bulk(word);
  if (count >= 0) bytes += ":" + std::to_string(count) + "\r\n";
  return bytes;
}

}  // namespace

std::string push_of(const std::vector<std::string>& words, int count) {
  return frame('>', words, count);
}

std::string array_of(const std::vector<std::string>& words, int count) {
  return frame('*', words, count);
}

Call confirm(FakeServer& server, const std::string& text) {
  Call call = server.take();
  CHECK_EQ(call.text(), text);
  server.reply(call, push_of({call.arg(0), call.arg(1)}, 1));
  return call;
}

void join(TestClient& client, FakeServer& server, const std::string& channel) {
  client.ask("SUBSCRIBE " + channel);
  (void)confirm(server, "subscribe " + channel);
  CHECK_EQ(client.reply(), array_of({"subscribe", channel}, 1));
}

TestClient connect_resp3(TestPlane& plane) {
  TestClient client = plane.connect();
  CHECK(client.call("HELLO 3").starts_with("%7\r\n"));
  return client;
}

}  // namespace slotgate::test
