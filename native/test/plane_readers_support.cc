#include "test/plane_readers_support.h"

#include "test/check.h"

namespace slotgate::test {

ReplicatedShard::ReplicatedShard(PlaneSetup setup, std::size_t replicas)
    : plane({&primary}, std::move(setup)) {
  plane.routes().servers.push_back(replica.entry());
  plane.routes().servers.push_back(second.entry());
  read_from(replicas == 1 ? std::vector<std::uint16_t>{1} : std::vector<std::uint16_t>{1, 2});
  plane.publish();
  open_links(1 + replicas);
}

void ReplicatedShard::read_from(std::vector<std::uint16_t> servers) {
  RouteSnapshot& routes = plane.routes();
  routes.reader_sets.clear();
  routes.slot_to_readers.clear();
  if (servers.empty()) return;
  routes.reader_sets.push_back(std::move(servers));
  routes.slot_to_readers.assign(kSlotCount, 0);
}

void ReplicatedShard::open_links(std::uint64_t links) {
  const auto nil = [](const Call&) { return std::optional<std::string>("$-1\r\n"); };
  for (FakeServer* server : {&primary, &replica, &second}) server->answer_with(nil);
  CHECK(eventually([&] {
    // Each client has a replica of its own.
    TestClient client = plane.connect();
    CHECK_EQ(client.call("GET warm"), "$-1\r\n");
    return plane.sum(&WorkerCounters::links_opened) >= links;
  }));
  for (FakeServer* server : {&primary, &replica, &second}) server->answer_with({});
}

std::string other_key(int number) {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> found;
    for (int i = 0; found.size() < 8; ++i) {
      std::string key = "o" + std::to_string(i);
      if (slot_of(key) % 64 == found.size()) found.push_back(std::move(key));
    }
    return found;
  }();
  return keys.at(static_cast<std::size_t>(number));
}

}  // namespace slotgate::test
