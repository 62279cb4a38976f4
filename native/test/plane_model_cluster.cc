#include "test/plane_model_cluster.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {

namespace {

constexpr std::size_t kStoryMost = 1000;

}  // namespace

std::vector<std::string> keys_of(const Call& call) {
  const auto& args = call.args;
  if (call.arg(0) == "EVAL") return {args.begin() + 3, args.end() - 1};
  if (call.arg(0) != "MSET") return {call.arg(1)};
  std::vector<std::string> keys;
  for (std::size_t i = 1; i < args.size(); i += 2) keys.push_back(args[i]);
  return keys;
}

std::string value_of(const Call& call) {
  if (call.arg(0) == "GET" || call.arg(0) == "EXISTS") return "";
  const std::string& last = call.args.back();
  return last.substr(0, last.find('.'));
}

ModelCluster::ModelCluster(Random& random) : random_(random) {
  for (auto& server : servers_) server = std::make_unique<FakeServer>();
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots_[i];
    slot.owner = i % kServers;
    slot.tag = TestPlane::key(slot.owner, kServers, static_cast<int>(i));
    for (View& view : slot.views) view.owner = slot.owner;
    // Half of the keys are there in the beginning.
    slot.keys[slot.owner].insert(key(i, 0));
  }
}

std::vector<FakeServer*> ModelCluster::servers() const {
  std::vector<FakeServer*> all;
  for (const auto& server : servers_) all.push_back(server.get());
  return all;
}

std::string ModelCluster::key(std::size_t slot, int number) const {
  return "{" + slots_[slot].tag + "}" + std::to_string(number);
}

std::uint16_t ModelCluster::slot_number(std::size_t slot) const {
  return slot_of(slots_[slot].tag);
}

std::uint16_t ModelCluster::owner(std::size_t viewer, std::size_t slot) const {
  return static_cast<std::uint16_t>(slots_[slot].views[viewer].owner);
}

std::size_t ModelCluster::slot_of_key(const std::string& key) const {
  std::size_t slot = 0;
  while (slot + 1 < kSlots && !key.starts_with("{" + slots_[slot].tag + "}")) ++slot;
  return slot;
}

void ModelCluster::tell(const std::string& key, const std::string& what) {
  auto& story = slots_[slot_of_key(key)].story;
  story.push_back(what);
  if (story.size() > kStoryMost) story.pop_front();
}

std::string ModelCluster::story(const std::string& key, char client) const {
  const auto is_its = [&](const std::string& line) {
    const std::size_t at = line.find(std::string(" ") + client);
    return at != std::string::npos && at + 2 < line.size() && std::isdigit(line[at + 2]) != 0;
  };
  std::string all;
  for (const std::string& line : slots_[slot_of_key(key)].story) {
    // A read does not say whose it is.
    if (line.starts_with("#") || line.starts_with("GET") || is_its(line)) all += "\n    " + line;
  }
  return all;
}

bool ModelCluster::receive() {
  for (std::size_t i = 0; i < kServers; ++i) {
    while (servers_[i]->waiting() != 0) {
      Call call = servers_[i]->take();
      const Name name{i, call.connection};
      if (!killed_.contains(name)) connections_[name].calls.push_back(std::move(call));
    }
    obey_kills(i);
  }
  return std::any_of(connections_.begin(), connections_.end(), [](const auto& entry) {
    return !entry.second.calls.empty() || !entry.second.replies.empty();
  });
}

void ModelCluster::obey_kills(std::size_t server) {
  constexpr std::string_view kKill = "CLIENT KILL ID ";
  const std::vector<std::string> said = servers_[server]->handshakes();
  for (std::size_t& i = obeyed_[server]; i < said.size(); ++i) {
    if (!said[i].starts_with(kKill)) continue;
    const int id = std::atoi(said[i].c_str() + kKill.size());
    const Name name{server, id - FakeServer::kFirstClientId};
    const std::string where = std::to_string(server) + "/" + std::to_string(name.second);
    for (std::size_t slot = 0; slot < kSlots; ++slot) tell(key(slot, 0), "# killed: " + where);
    killed_.insert(name);
    connections_.erase(name);
  }
}

ModelCluster::Connection* ModelCluster::pick(bool with_calls, Name& name) {
  std::vector<Name> names;
  for (const auto& [each, connection] : connections_) {
    if (with_calls ? !connection.calls.empty() : !connection.replies.empty()) names.push_back(each);
  }
  if (names.empty()) return nullptr;
  name = names[random_.below(names.size())];
  return &connections_[name];
}

void ModelCluster::execute_one() {
  Name name;
  Connection* const connection = pick(true, name);
  if (connection == nullptr) return;
  const Call call = std::move(connection->calls.front());
  connection->calls.pop_front();
  connection->replies.emplace_back(call, execute(name, *connection, call));
}

void ModelCluster::deliver_one() {
  Name name;
  Connection* const connection = pick(false, name);
  if (connection == nullptr) return;
  const auto [call, reply] = std::move(connection->replies.front());
  connection->replies.pop_front();
  servers_[name.first]->reply(call, reply);
}

std::string ModelCluster::refusal(std::size_t server, const std::vector<std::string>& keys,
                                  bool asking) {
  if (down_[server]) return "-CLUSTERDOWN The cluster is down\r\n";
  Slot& slot = slots_[slot_of_key(keys.front())];
  const View& view = slot.views[server];
  const auto missing = std::count_if(keys.begin(), keys.end(), [&](const std::string& key) {
    return !slot.keys[server].contains(key);
  });
  const bool some = missing != 0 && static_cast<std::size_t>(missing) != keys.size();
  if (view.owner == server) {
    if (view.giving_to == kNobody || missing == 0) return "";
    return some ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n"
                : ask_at(keys.front(), *servers_[view.giving_to]);
  }
  if (view.taking_from == kNobody || !asking) return moved(keys.front(), *servers_[view.owner]);
  return keys.size() > 1 && missing != 0
             ? "-TRYAGAIN Multiple keys request during rehashing of slot\r\n"
             : "";
}

std::string ModelCluster::execute(const Name& name, Connection& connection, const Call& call) {
  const std::size_t server = name.first;
  const std::string& word = call.arg(0);
  if (word == "PING") return "+PONG\r\n";
  if (word == "MULTI") {
    connection.in_block = true;
    connection.block_asks = call.asking;
    connection.block_refused = false;
    connection.block.clear();
    return "+OK\r\n";
  }
  if (word == "EXEC") return end_block(server, connection);
  const bool asking = connection.in_block ? connection.block_asks : call.asking;
  const std::string refused = refusal(server, keys_of(call), asking);
  const std::string where = " at " + std::to_string(server) + "/" + std::to_string(name.second);
  const std::string what = call.text().substr(0, 60) + where + (asking ? " asking" : "");
  tell(keys_of(call).front(), what + ": " + refused.substr(0, refused.find('\r')));
  if (!refused.empty()) {
    connection.block_refused = true;
    return refused;
  }
  if (!connection.in_block) return run(server, call);
  connection.block.push_back(call);
  return "+QUEUED\r\n";
}

std::string ModelCluster::end_block(std::size_t server, Connection& connection) {
  connection.in_block = false;
  if (connection.block_refused)
    return "-EXECABORT Transaction discarded because of previous errors.\r\n";
  std::string replies = "*" + std::to_string(connection.block.size()) + "\r\n";
  for (const Call& call : connection.block) {
    const std::string refused = refusal(server, keys_of(call), connection.block_asks);
    tell(keys_of(call).front(), "EXEC of " + call.text() + " at " + std::to_string(server) + ": " +
                                    refused.substr(0, refused.find('\r')));
    if (!refused.empty()) return refused;
  }
  for (const Call& call : connection.block) replies += run(server, call);
  return replies;
}

std::string ModelCluster::run(std::size_t server, const Call& call) {
  const std::vector<std::string> keys = keys_of(call);
  if (call.arg(0) == "EXISTS") return ":0\r\n";
  if (call.arg(0) == "GET") {
    std::string values;
    for (const auto& [client, number] : values_[keys.front()])
      values += client + std::to_string(number) + " ";
    // Some are large: their clients change lanes.
    if (random_.below(4) == 0) values += std::string(kLargeReplyBytes, '.');
    return bulk(values);
  }
  for (const std::string& key : keys) write(server, key, value_of(call));
  return call.arg(0) == "MSET" || call.arg(0) == "SET" ? "+OK\r\n" : "+" + value_of(call) + "\r\n";
}

void ModelCluster::write(std::size_t server, const std::string& key, const std::string& value) {
  slots_[slot_of_key(key)].keys[server].insert(key);
  int& last = values_[key][value[0]];
  const int number = std::atoi(value.c_str() + 1);
  if (number <= last) {
    report_failure(__FILE__, __LINE__,
                   key + ": " + value + " was written after " + value[0] + std::to_string(last) +
                       story(key, value[0]));
  }
  last = std::max(last, number);
  written_.insert({key, value});
}

void ModelCluster::move_on(std::size_t number) {
  Slot& slot = slots_[number];
  View& giver = slot.views[slot.owner];
  View& taker = slot.views[slot.next];
  switch (slot.move) {
    case Move::kNone:
      slot.next = (slot.owner + 1 + random_.below(kServers - 1)) % kServers;
      slot.views[slot.next].taking_from = slot.owner;
      slot.move = Move::kTaking;
      break;
    case Move::kTaking:
      giver.giving_to = slot.next;
      slot.move = Move::kGiving;
      break;
    case Move::kGiving:
      if (!slot.keys[slot.owner].empty()) {
        slot.keys[slot.next].insert(*slot.keys[slot.owner].begin());
        slot.keys[slot.owner].erase(slot.keys[slot.owner].begin());
        break;
      }
      taker = {slot.next};
      slot.move = Move::kTaken;
      break;
    case Move::kTaken:
      giver = {slot.next};
      slot.move = Move::kGiven;
      break;
    case Move::kGiven:
      for (View& view : slot.views) view.owner = slot.next;
      slot.owner = slot.next;
      slot.move = Move::kNone;
      break;
  }
  tell(key(number, 0), "# slot: owner " + std::to_string(slot.owner) + ", next " +
                           std::to_string(slot.next) + ", step " +
                           std::to_string(static_cast<int>(slot.move)));
}

void ModelCluster::rest() {
  down_.fill(false);
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    while (slots_[slot].move != Move::kNone) move_on(slot);
  }
}

void ModelCluster::cut_one() {
  Name name;
  Connection* const connection = pick(true, name);
  if (connection == nullptr) return;
  const std::string where = std::to_string(name.first) + "/" + std::to_string(name.second);
  for (std::size_t slot = 0; slot < kSlots; ++slot) tell(key(slot, 0), "# cut: " + where);
  const std::size_t read = random_.below(connection->calls.size() + 1);
  for (std::size_t i = 0; i < read; ++i) (void)execute(name, *connection, connection->calls[i]);
  connections_.erase(name);
  servers_[name.first]->close_connection(name.second, random_.below(2) == 0);
}

}  // namespace slotgate::test
