// Links to replicas: like shared ones, but for reads only, and they never make anybody wait.
#include "plane/links.h"
#include "plane/reply_text.h"

namespace slotgate {

namespace {

/// Beside the steps of every link, behind them.
enum ReaderStep : std::uint8_t { kStepReadonly, kStepReplication, kReaderSteps };

/// What a server says of itself; a user without the right to ask is not told.
bool follows_its_primary(std::string_view reply) {
  return error_word(reply) == "NOPERM" || reply.find("\nrole:master") != std::string_view::npos ||
         reply.find("\nmaster_link_status:up") != std::string_view::npos;
}

}  // namespace

Link* Links::reader_link(Database& database, Server& server, std::uint16_t user,
                         std::uint8_t protocol, Lane lane) {
  const bool is_usual = user == database.settings->client_user && lane == Lane::kUsual;
  Link* link = is_usual ? server.readers[protocol] : nullptr;
  if (link == nullptr) {
    link = find(server, LinkKind::kReader, lane, user, protocol);
    if (link == nullptr && may_open(database, server, LinkKind::kReader))
      link = open(database, server, LinkKind::kReader, user, protocol, lane);
    if (is_usual) server.readers[protocol] = link;
  }
  return link != nullptr && link->state == LinkState::kReady ? link : nullptr;
}

std::uint8_t Links::greet_reader(Link& link) {
  constexpr std::string_view kWords =
      "*1\r\n$8\r\nREADONLY\r\n*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n";
  link.handshake.append(kWords.data(), kWords.size());
  return kReaderSteps;
}

std::string Links::reader_problem(std::uint8_t step, std::string_view reply) {
  if (step == kStepReadonly && reply.starts_with('-'))
    return "the server refused READONLY: " + std::string(without_crlf(reply.substr(1)));
  if (step == kStepReplication && !follows_its_primary(reply))
    return "the replica has no connection to its primary";
  return {};
}

}  // namespace slotgate
