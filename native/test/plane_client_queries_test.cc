// What the control plane is told about clients, and closing them by name.
#include <algorithm>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

/// The reports to query `number` until every worker is done, as one.
QueryReport whole_report(TestPlane& plane, std::uint32_t number, std::size_t* parts = nullptr) {
  QueryReport whole;
  std::uint32_t done = 0;
  const bool came = eventually([&] {
    for (QueryReport& report : plane.plane().take_up().reports) {
      CHECK_EQ(report.number, number);
      whole.count += report.count;
      done += report.done ? 1 : 0;
      if (parts != nullptr) ++*parts;
      std::move(report.records.begin(), report.records.end(), std::back_inserter(whole.records));
    }
    return done == plane.plane().workers();
  });
  CHECK(came);
  return whole;
}

QueryReport clients_of(TestPlane& plane, std::vector<std::uint64_t> ids = {},
                       std::uint32_t database = 1) {
  plane.on_workers([&](Worker& worker) { worker.queries().start(ClientQuery{7, database, ids}); });
  return whole_report(plane, 7);
}

TEST(clients_of_all_workers_are_described) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(plane.connect_served());
  const QueryReport report = clients_of(plane);
  CHECK_EQ(report.records.size(), 8U);
  std::vector<std::uint64_t> workers;
  for (const ClientRecord& record : report.records) {
    CHECK(record.address.starts_with("127.0.0.1:"));
    CHECK(record.local_address.starts_with("127.0.0.1:"));
    CHECK(record.address != record.local_address);
    CHECK(record.reading && !record.writing && !record.closing && !record.unix_socket);
    CHECK_EQ(record.protocol, 2);
    workers.push_back(record.id % 256);
  }
  CHECK(std::find(workers.begin(), workers.end(), 0) != workers.end());
  CHECK(std::find(workers.begin(), workers.end(), 1) != workers.end());
  CHECK(clients_of(plane, {}, 99).records.empty());
}

TEST(only_clients_asked_for_are_described) {
  FakeServer a;
  TestPlane plane({&a});
  const TestClient first = plane.connect_served();
  const TestClient second = plane.connect_served();
  const std::uint64_t id = clients_of(plane).records.at(1).id;
  const QueryReport report = clients_of(plane, {5, id});
  CHECK_EQ(report.records.size(), 1U);
  CHECK_EQ(report.records.at(0).id, id);
}

TEST(the_last_command_is_told_also_of_an_idle_client) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.call("GET x");
  const auto commands = plane_commands();
  const auto row = clients_of(plane).records.at(0).row;
  CHECK_EQ(commands->at(static_cast<std::uint16_t>(row)).row->name, "get");
  client.ask("NOSUCH");
  plane.take_control();
  CHECK_EQ(clients_of(plane).records.at(0).row, -1);
}

TEST(many_clients_come_in_slices) {
  constexpr std::size_t kMany = 1500;
  PlaneSetup setup;
  setup.settings.limits.clients_max = 4000;
  TestPlane plane({}, setup);
  std::vector<TestClient> clients;
  for (std::size_t i = 0; i < kMany; ++i) clients.push_back(plane.connect());
  plane.await(&WorkerCounters::clients, kMany);
  plane.on_workers([&](Worker& worker) { worker.queries().start(ClientQuery{7, 1, {}}); });
  std::size_t parts = 0;
  const QueryReport report = whole_report(plane, 7, &parts);
  CHECK_EQ(report.records.size(), kMany);
  CHECK_EQ(parts, 2U);
}

TEST(clients_are_closed_by_name_and_counted) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(plane.connect_served());
  std::vector<ClientName> names;
  for (const ClientRecord& record : clients_of(plane).records)
    names.push_back({record.id, record.index});
  const ClientName kept = names.back();
  names.back().id += 256 * 1000;
  plane.on_workers([&](Worker& worker) { worker.close_clients(8, names); });
  CHECK_EQ(whole_report(plane, 8).count, 5U);
  plane.await(&WorkerCounters::clients, 1);
  CHECK_EQ(clients_of(plane).records.at(0).id, kept.id);
}

TEST(the_clients_of_a_deleted_user_are_closed_and_counted) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.users.resize(3);
  TestPlane plane({&a}, setup);
  TestClient alice = plane.connect_served();
  TestClient also_alice = plane.connect_served();
  TestClient bob = plane.connect_served();
  const TestClient nobody = plane.connect_served();
  plane.log_in("AUTH alice secret", alice, 1);
  plane.log_in("AUTH alice secret", also_alice, 1);
  plane.log_in("AUTH bob secret", bob, 2);
  ClientQuery query{8, 1, {}};
  query.deleted_user = 1;
  plane.on_workers([&](Worker& worker) { worker.queries().start(query); });
  const QueryReport report = whole_report(plane, 8);
  CHECK_EQ(report.count, 2U);
  CHECK(report.records.empty());
  plane.await(&WorkerCounters::clients, 2);
  CHECK_EQ(plane.sum(&WorkerCounters::deleted_user_closed), 2U);
  for (const ClientRecord& record : clients_of(plane).records) CHECK(record.user != 1);
}

}  // namespace
}  // namespace slotgate::test
