// Who owns what, and who else may be read from.
#include <algorithm>

#include "addon/convert.h"

namespace slotgate {

namespace {

constexpr double kSafeMost = 9007199254740991.0;
/// Numbers of servers, and of sets of them, are below this.
constexpr std::uint32_t kNumbersMost = 0x7fff;

ServerEntry read_server(FieldReader& reader, const Napi::Object& server) {
  ServerEntry entry;
  entry.node_id = reader.text(server, "nodeId");
  entry.host = reader.text(server, "host");
  entry.port = static_cast<std::uint16_t>(reader.number(server, "port", 0, 65535));
  entry.path = reader.text(server, "path");
  entry.label = reader.text(server, "label");
  entry.redirect_names = reader.texts(server, "redirectNames");
  return entry;
}

std::vector<std::uint16_t> read_set(FieldReader& reader, const Napi::Value& value,
                                    std::size_t servers) {
  std::vector<std::uint16_t> set;
  const bool is_array = !value.IsEmpty() && value.IsArray();
  const std::uint32_t size = is_array ? value.As<Napi::Array>().Length() : 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    const Napi::Value number = value.As<Napi::Array>().Get(i);
    if (!is_whole(number, 0, static_cast<double>(servers) - 1)) break;
    set.push_back(static_cast<std::uint16_t>(number.As<Napi::Number>().Uint32Value()));
  }
  if (set.empty() || set.size() != size)
    reader.fail("readerSets", "arrays of indexes into servers, none of them empty");
  return set;
}

}  // namespace

std::shared_ptr<RouteSnapshot> read_routes(FieldReader& reader, const Napi::Object& value) {
  auto routes = std::make_shared<RouteSnapshot>();
  routes->version = static_cast<std::uint64_t>(reader.number(value, "version", 0, kSafeMost));
  routes->refresh_started_ms =
      static_cast<std::uint64_t>(reader.number(value, "refreshStartedAtMs", 0, kSafeMost));
  const Napi::Array servers = reader.array(value, "servers");
  if (servers.Length() >= kNumbersMost) reader.fail("servers", "fewer than 32767");
  for (std::uint32_t i = 0; i < servers.Length() && !reader.failed(); ++i)
    routes->servers.push_back(read_server(reader, reader.element(servers, i, "servers")));
  const std::vector<std::uint16_t> owners =
      reader.slots(value, "slotToServer", routes->servers.size(), "servers");
  if (owners.empty()) {
    reader.fail("slotToServer", "a Uint16Array of length 16384");
    return routes;
  }
  std::copy(owners.begin(), owners.end(), routes->slot_to_server.begin());
  const Napi::Array sets = reader.array(value, "readerSets");
  if (sets.Length() >= kNumbersMost) reader.fail("readerSets", "fewer than 32767");
  for (std::uint32_t i = 0; i < sets.Length() && !reader.failed(); ++i)
    routes->reader_sets.push_back(read_set(reader, sets.Get(i), routes->servers.size()));
  routes->slot_to_readers =
      reader.slots(value, "slotToReaders", routes->reader_sets.size(), "readerSets");
  return routes;
}

}  // namespace slotgate
