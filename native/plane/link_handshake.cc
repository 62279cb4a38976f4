// What is said on a link before any traffic.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "plane/links.h"
#include "plane/pubsub_hub.h"
#include "plane/reply_text.h"
#include "plane/socket.h"

namespace slotgate {

namespace {

/// Steps of the handshake, in the order in which they are sent.
enum HandshakeStep : std::uint8_t { kStepHello, kStepNoEvict, kStepMyId, kStepClientId, kStepRest };

void append_command(ByteBuffer& out, std::initializer_list<std::string_view> words) {
  std::string frame = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) frame += bulk_reply(word);
  out.append(frame.data(), frame.size());
}

/// Refusals of whom the link logs in as; others may be let in.
bool concerns_user(std::string_view word) {
  return word == "WRONGPASS" || word == "NOAUTH" || word == "NOPERM";
}

std::string_view bulk_payload(std::string_view reply) {
  const std::size_t line = reply.find("\r\n");
  if (!reply.starts_with('$') || line == std::string_view::npos) return {};
  return without_crlf(reply.substr(line + 2));
}

}  // namespace

void Links::connected(Link& link) {
  if (const int pending = connect_result(link.fd); pending != 0) {
    lose(link, error_text(pending));
    return;
  }
  link.state = LinkState::kHandshaking;
  greet(link);
}

void Links::greet(Link& link) {
  link.greet_at_ms = 0;
  link.handshake_step = 0;
  const UpstreamUser& user = link.database->settings->users[link.user];
  const std::string name =
      "slotgate:" + link.database->settings->node_name + ":" + std::to_string(context_.worker);
  const std::string_view protocol = link.protocol == 3 ? "3" : "2";
  if (user.authenticates) {
    const std::string_view who = user.name.empty() ? std::string_view("default") : user.name;
    append_command(link.handshake,
                   {"HELLO", protocol, "AUTH", who, user.password, "SETNAME", name});
  } else {
    append_command(link.handshake, {"HELLO", protocol, "SETNAME", name});
  }
  append_command(link.handshake, {"CLIENT", "NO-EVICT", "ON"});
  append_command(link.handshake, {"CLUSTER", "MYID"});
  append_command(link.handshake, {"CLIENT", "ID"});
  link.handshake_left = kStepRest;
  if (link.kind == LinkKind::kReader)
    link.handshake_left = static_cast<std::uint8_t>(kStepRest + greet_reader(link));
  link.handshake_kills = 0;
  // What the server may still read from a connection we gave up must not execute after what comes.
  for (const std::int64_t id : link.server->abandoned_clients) {
    append_command(link.handshake, {"CLIENT", "KILL", "ID", std::to_string(id)});
    ++link.handshake_left;
    ++link.handshake_kills;
  }
  write_handshake(link);
}

void Links::write_handshake(Link& link) {
  while (!link.handshake.empty()) {
    const ssize_t sent =
        ::send(link.fd, link.handshake.data(), link.handshake.size(), MSG_NOSIGNAL);
    context_.counters->send_calls.add();
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) break;
    link.handshake.consume(static_cast<std::size_t>(sent));
  }
  link.watcher.watch(true, !link.handshake.empty());
}

bool Links::handshake_reply(Link& link, std::string_view reply) {
  if (link.framer.is_push()) return true;
  const std::uint8_t step = link.handshake_step++;
  const std::string_view word = error_word(reply);
  if (step == kStepHello && !word.empty()) {
    const std::string text(without_crlf(reply));
    report(link, PlaneEvent::Kind::kHandshakeRefused, text);
    // Reads do not wait: the primary may let the user in.
    if (!concerns_user(word) || link.kind == LinkKind::kReader) {
      lose(link, "the server refused the handshake: " + text.substr(1));
      return false;
    }
    refuse_user(link, text);
  } else if (step == kStepHello) {
    link.refusal.clear();
  }
  if (!link.refusal.empty()) {
    if (link.handshake_step == link.handshake_left)
      link.greet_at_ms = context_.now_ms + link.greet_delay_ms;
    return true;
  }
  // It answers nothing but what ends its script, and that is what this link is for.
  const bool busy = word == "BUSY" && link.to_busy;
  if (busy) link.unidentified = true;
  if (step == kStepMyId && !busy) {
    const std::string& expected = link.server->entry.node_id;
    const std::string_view id = bulk_payload(reply);
    // A user without the right to ask is not checked; a server that loads will be asked again.
    if (word != "NOPERM" && !expected.empty() && id != expected) {
      if (word.empty()) {
        report(link, PlaneEvent::Kind::kWrongNode, id);
      }
      lose(link, word.empty() ? "another node answers at this address"
                              : std::string(without_crlf(reply)));
      return false;
    }
  }
  if (step == kStepClientId) (void)parse_integer_reply(reply, link.server_client_id);
  if (step >= kStepRest && link.kind == LinkKind::kReader) {
    std::string problem = reader_problem(static_cast<std::uint8_t>(step - kStepRest), reply);
    if (!problem.empty()) {
      lose(link, std::move(problem));
      return false;
    }
  }
  if (link.handshake_step == link.handshake_left) ready(link);
  return true;
}

void Links::refuse_user(Link& link, std::string text) {
  if (link.refusal.empty())
    link.deadline_ms = context_.now_ms + link.database->limits().hold_timeout_ms;
  link.refusal = std::move(text);
  link.greet_delay_ms = std::clamp(link.greet_delay_ms * 2, kBackoffFirstMs, kBackoffMostMs);
}

void Links::ready(Link& link) {
  link.state = LinkState::kReady;
  link.handshake.release();
  --connecting_;
  context_.counters->links_opened.add();
  auto& abandoned = link.server->abandoned_clients;
  const std::ptrdiff_t killed = link.unidentified ? 0 : link.handshake_kills;
  abandoned.erase(abandoned.begin(),
                  abandoned.begin() + std::min<std::ptrdiff_t>(killed, std::ssize(abandoned)));
  if (link.kind == LinkKind::kReader) {
    link.server->reader_backoff_ms = 0;
  } else {
    link.server->backoff_ms = 0;
    link.server->last_failure.clear();
  }
  tell_circuit(*link.database, *link.server);
  report(link, PlaneEvent::Kind::kLinkUp, {});
  if (link.kind == LinkKind::kSubscription) link.subscription->hub->link_ready(*link.subscription);
  write(link);
}

}  // namespace slotgate
