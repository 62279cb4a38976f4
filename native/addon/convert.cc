#include "addon/convert.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace slotgate {

namespace {

constexpr double kInt32Most = 2147483647.0;
constexpr double kSafeMost = 9007199254740991.0;

// In the order of the bits of CommandFlag; the names are those of src/native/types.ts.
constexpr std::array<std::string_view, 22> kFlagNames = {
    "write",        "readonly",         "connection_state",  "container",
    "script",       "blocking",         "blocks_with_token", "before_auth",
    "not_key",      "repeatable",       "keys_unknown",      "queueable",
    "never_queued", "while_subscribed", "may_replicate",     "keyspace",
    "unmonitored",  "secret",           "runs_body",         "runs_digest",
    "at_replica",   "renamed"};

std::uint32_t read_flags(FieldReader& reader, const Napi::Object& row) {
  std::uint32_t flags = 0;
  for (const std::string& name : reader.texts(row, "flags")) {
    const auto* const found = std::find(kFlagNames.begin(), kFlagNames.end(), name);
    if (found == kFlagNames.end()) {
      reader.fail("flags", "known flags, not '" + name + "'");
    } else {
      flags |= 1U << static_cast<std::uint32_t>(found - kFlagNames.begin());
    }
  }
  return flags;
}

KeySpec read_key_spec(FieldReader& reader, const Napi::Object& value) {
  KeySpec spec;
  const auto int32 = [&](const Napi::Object& object, const char* name) {
    return static_cast<std::int32_t>(reader.number(object, name, -kInt32Most, kInt32Most));
  };
  const Napi::Object begin = reader.object(value, "begin");
  switch (reader.word(begin, "kind", {"index", "keyword", "unknown"})) {
    case 0:
      spec.begin = KeySpec::Begin::kIndex;
      spec.begin_index = int32(begin, "index");
      break;
    case 1:
      spec.begin = KeySpec::Begin::kKeyword;
      spec.keyword = reader.text(begin, "keyword");
      spec.begin_index = int32(begin, "startFrom");
      break;
    default:
      break;
  }
  const Napi::Object find = reader.object(value, "find");
  switch (reader.word(find, "kind", {"range", "keynum", "unknown"})) {
    case 0:
      spec.find = KeySpec::Find::kRange;
      spec.last_key = int32(find, "lastKey");
      spec.key_step = int32(find, "step");
      spec.limit = int32(find, "limit");
      break;
    case 1:
      spec.find = KeySpec::Find::kKeynum;
      spec.keynum_index = int32(find, "keynumIndex");
      spec.first_key = int32(find, "firstKey");
      spec.key_step = int32(find, "step");
      break;
    default:
      break;
  }
  return spec;
}

CommandRow read_command_row(FieldReader& reader, const Napi::Object& value) {
  CommandRow row;
  row.name = reader.text(value, "name");
  row.arity = static_cast<std::int32_t>(reader.number(value, "arity", -32767, 32767));
  row.flags = read_flags(reader, value);
  row.route = static_cast<RouteBy>(
      reader.word(value, "route", {"keys", "keyless", "local", "control", "refuse", "pubsub"}));
  row.local = static_cast<LocalAnswer>(
      reader.word(value, "local",
                  {"none", "ready_reply", "ping", "echo_argument", "quit", "select_database",
                   "set_name", "get_name", "set_library", "client_id", "multi", "exec", "discard",
                   "unwatch", "hello", "reply_mode", "if_cluster"}));
  row.split =
      static_cast<Split>(reader.word(value, "split", {"none", "array_in_order", "sum", "all_ok"}));
  row.barrier = static_cast<Barrier>(reader.word(value, "barrier", {"none", "stop", "drain"}));
  row.pubsub = static_cast<PubSubAction>(
      reader.word(value, "pubsub", {"none", "subscribe", "unsubscribe", "publish"}));
  row.family =
      static_cast<PubSubFamily>(reader.word(value, "family", {"channel", "pattern", "shard"}));
  row.split_step = static_cast<std::uint8_t>(reader.number(value, "splitStep", 1, 2));
  row.ready_reply = reader.text(value, "readyReply");
  row.block_token = reader.text(value, "blockToken");
  row.called = reader.text(value, "called");
  row.retry_options_from =
      static_cast<std::uint8_t>(reader.number(value, "retryOptionsFrom", 0, 255));
  row.retry_options = reader.texts(value, "retryOptions");
  const Napi::Array specs = reader.array(value, "keySpecs");
  for (std::uint32_t i = 0; i < specs.Length(); ++i) {
    row.key_specs.push_back(read_key_spec(reader, reader.element(specs, i, "keySpecs")));
  }
  return row;
}

PlaneLimits read_limits(FieldReader& reader, const Napi::Object& value) {
  PlaneLimits limits;
  const auto uint32 = [&](const char* name, double least) {
    return static_cast<std::uint32_t>(reader.number(value, name, least, 4294967294.0));
  };
  limits.request.arguments_max = uint32("argumentsMax", 1);
  limits.request.bulk_bytes_max = uint32("bulkBytesMax", 1024);
  limits.request.frame_bytes_max = uint32("frameBytesMax", 1024);
  limits.clients_max = uint32("clientsMax", 1);
  limits.memory_bytes_max =
      static_cast<std::uint64_t>(reader.number(value, "memoryBytesMax", 0, kSafeMost));
  limits.in_flight_per_client_max = uint32("inFlightPerClientMax", 1);
  limits.client_output_bytes_max =
      static_cast<std::size_t>(reader.number(value, "clientOutputBytesMax", 1024, kSafeMost));
  limits.subscriber_output_bytes_max =
      static_cast<std::size_t>(reader.number(value, "subscriberOutputBytesMax", 1024, kSafeMost));
  limits.link_unanswered_bytes_max = uint32("linkUnansweredBytesMax", 1024);
  limits.hold_bytes_per_shard_max =
      static_cast<std::size_t>(reader.number(value, "holdBytesPerShardMax", 0, kSafeMost));
  limits.hold_bytes_max =
      static_cast<std::size_t>(reader.number(value, "holdBytesMax", 0, kSafeMost));
  limits.hold_timeout_ms = uint32("holdTimeoutMs", 0);
  limits.redirects_max = uint32("redirectsMax", 0);
  limits.links_per_server_max = uint32("linksPerServerMax", 1);
  limits.private_links_per_server_max = uint32("privateLinksPerServerMax", 1);
  limits.slow_after_ms =
      static_cast<std::uint32_t>(reader.number(value, "slowAfterMs", 0, 4294967295.0));
  limits.connect_timeout_ms = uint32("connectTimeoutMs", 1);
  limits.keepalive_seconds = uint32("keepaliveSeconds", 0);
  limits.client_idle_ms = uint32("clientIdleTimeoutMs", 0);
  limits.partial_request_ms = uint32("partialRequestTimeoutMs", 0);
  limits.login_ms = uint32("loginTimeoutMs", 0);
  limits.proxy_header_ms = uint32("proxyHeaderTimeoutMs", 1);
  limits.rates.client_commands = uint32("clientCommandsPerSecond", 0);
  limits.rates.client_bytes = uint32("clientBytesPerSecond", 0);
  limits.rates.address_commands = uint32("addressCommandsPerSecond", 0);
  limits.rates.address_bytes = uint32("addressBytesPerSecond", 0);
  limits.rates.address_connections = uint32("addressConnectionsPerSecond", 0);
  limits.script_cache_bytes_max =
      static_cast<std::size_t>(reader.number(value, "scriptCacheBytesMax", 0, kSafeMost));
  return limits;
}

const char* event_name(PlaneEvent::Kind kind) noexcept {
  switch (kind) {
    case PlaneEvent::Kind::kRedirect:
      return "redirect";
    case PlaneEvent::Kind::kRefused:
      return "refused";
    case PlaneEvent::Kind::kLinkUp:
      return "link_up";
    case PlaneEvent::Kind::kLinkDown:
      return "link_down";
    case PlaneEvent::Kind::kWrongNode:
      return "wrong_node";
    case PlaneEvent::Kind::kHandshakeRefused:
      return "handshake_refused";
    case PlaneEvent::Kind::kHolding:
      return "holding";
    case PlaneEvent::Kind::kReplicaRefused:
      return "replica_refused";
    case PlaneEvent::Kind::kSlotOpen:
      return "slot_open";
    case PlaneEvent::Kind::kHeaderRefused:
      return "header_refused";
    case PlaneEvent::Kind::kLinkSilent:
      return "link_silent";
    case PlaneEvent::Kind::kCircuit:
      return "circuit";
    case PlaneEvent::Kind::kOutOfFiles:
      return "out_of_files";
    case PlaneEvent::Kind::kCrossSlotAnswered:
      return "crossslot_answered";
    case PlaneEvent::Kind::kDatabaseRefused:
      return "database_refused";
    case PlaneEvent::Kind::kScriptMissing:
      return "script_missing";
  }
  return "";
}

Napi::Array write_texts(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array list = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) list.Set(i, Napi::String::New(env, texts[i]));
  return list;
}

Napi::Object write_control(Napi::Env env, const ControlRequest& request) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Object client = Napi::Object::New(env);
  client.Set("id", Napi::Number::New(env, static_cast<double>(request.client_id)));
  client.Set("index", Napi::Number::New(env, request.client_index));
  object.Set("client", client);
  object.Set("database", Napi::Number::New(env, request.database));
  object.Set("row", Napi::Number::New(env, request.row));
  object.Set("protocol", Napi::Number::New(env, request.protocol));
  object.Set("user", Napi::Number::New(env, request.user));
  object.Set("mustLogIn", Napi::Boolean::New(env, request.must_log_in));
  object.Set("inTransaction", Napi::Boolean::New(env, request.in_transaction));
  object.Set("slot", Napi::Number::New(env, request.slot));
  object.Set("written", write_texts(env, request.written));
  object.Set("ownWritten", write_texts(env, request.own_written));
  object.Set("wroteElsewhere", Napi::Boolean::New(env, request.wrote_elsewhere));
  object.Set("connectionState", Napi::String::New(env, request.connection_state));
  object.Set("isTargetGone", Napi::Boolean::New(env, request.target_gone));
  object.Set("watchSlot", Napi::Number::New(env, request.watch_slot));
  Napi::Array args = Napi::Array::New(env, request.args.size());
  for (std::uint32_t i = 0; i < request.args.size(); ++i) {
    args.Set(i, Napi::Buffer<char>::Copy(env, request.args[i].data(), request.args[i].size()));
  }
  object.Set("args", args);
  object.Set("clientName", Napi::String::New(env, request.client_name));
  object.Set("clientAddress", Napi::String::New(env, request.client_address));
  object.Set("presentation", Napi::Number::New(env, request.presentation));
  object.Set("localAddress", Napi::String::New(env, request.local_address));
  return object;
}

const char* outcome_name(ErrandOutcome::Kind kind) noexcept {
  switch (kind) {
    case ErrandOutcome::Kind::kReply:
      return "reply";
    case ErrandOutcome::Kind::kNotSent:
      return "not_sent";
    case ErrandOutcome::Kind::kBusy:
      return "busy";
    case ErrandOutcome::Kind::kTooLarge:
      return "too_large";
    case ErrandOutcome::Kind::kLost:
      return "lost";
    case ErrandOutcome::Kind::kPending:
    case ErrandOutcome::Kind::kGone:
      break;
  }
  return "gone";
}

std::vector<std::string> read_words(FieldReader& reader, const Napi::Value& value,
                                    const char* name) {
  std::vector<std::string> words;
  if (!value.IsArray()) {
    reader.fail(name, "arrays of Buffers");
    return words;
  }
  const Napi::Array list = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value word = list.Get(i);
    if (!word.IsBuffer()) {
      reader.fail(name, "arrays of Buffers");
      return words;
    }
    const auto bytes = word.As<Napi::Buffer<char>>();
    words.emplace_back(bytes.Data(), bytes.Length());
  }
  return words;
}

Napi::Object write_errand(Napi::Env env, const ErrandResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("ticket", Napi::Number::New(env, static_cast<double>(result.ticket)));
  Napi::Array outcomes = Napi::Array::New(env, result.outcomes.size());
  for (std::uint32_t i = 0; i < result.outcomes.size(); ++i) {
    const ErrandOutcome& outcome = result.outcomes[i];
    Napi::Object one = Napi::Object::New(env);
    one.Set("kind", Napi::String::New(env, outcome_name(outcome.kind)));
    one.Set("bytes", Napi::Buffer<char>::Copy(env, outcome.text.data(), outcome.text.size()));
    outcomes.Set(i, one);
  }
  object.Set("outcomes", outcomes);
  return object;
}

}  // namespace

std::vector<CommandRow> read_command_rows(FieldReader& reader, const Napi::Array& rows) {
  std::vector<CommandRow> read;
  read.reserve(rows.Length());
  for (std::uint32_t i = 0; i < rows.Length() && !reader.failed(); ++i) {
    const Napi::HandleScope scope(rows.Env());
    read.push_back(read_command_row(reader, reader.element(rows, i, "rows")));
  }
  return read;
}

std::shared_ptr<DatabaseSettings> read_settings(FieldReader& reader, const Napi::Object& value) {
  auto settings = std::make_shared<DatabaseSettings>();
  settings->users.clear();
  const Napi::Array users = reader.array(value, "users");
  for (std::uint32_t i = 0; i < users.Length(); ++i) {
    const Napi::Object user = reader.element(users, i, "users");
    settings->users.push_back({reader.text(user, "name"), reader.text(user, "password"),
                               reader.boolean(user, "authenticates")});
  }
  if (settings->users.empty()) reader.fail("users", "at least one");
  settings->client_user = static_cast<std::uint16_t>(
      reader.number(value, "clientUser", 0, static_cast<double>(settings->users.size()) - 1));
  settings->client_must_authenticate = reader.boolean(value, "clientMustAuthenticate");
  settings->node_name = reader.text(value, "nodeName");
  settings->read_your_writes_ms =
      static_cast<std::uint32_t>(reader.number(value, "readYourWritesMs", 0, 4294967295.0));
  settings->retry_writes = reader.boolean(value, "retryWrites");
  settings->limits = read_limits(reader, reader.object(value, "limits"));
  return settings;
}

ErrandOrder read_errand(FieldReader& reader, const Napi::Object& value) {
  ErrandOrder order;
  order.ticket = static_cast<std::uint64_t>(reader.number(value, "ticket", 0, kSafeMost));
  const Napi::Value frame = value.Get("frame");
  if (frame.IsEmpty() || !frame.IsBuffer()) {
    reader.fail("frame", "a Buffer");
    return order;
  }
  const auto bytes = frame.As<Napi::Buffer<char>>();
  order.frame.assign(bytes.Data(), bytes.Length());
  order.nodes = reader.texts(value, "nodes");
  order.lease = reader.boolean(value, "lease");
  order.keep = reader.boolean(value, "keep");
  order.asking = reader.boolean(value, "asking");
  order.blocks = reader.boolean(value, "blocks");
  order.writes = reader.boolean(value, "writes");
  order.to_busy = reader.boolean(value, "toBusy");
  order.reply_bytes_max =
      static_cast<std::uint64_t>(reader.number(value, "replyBytesMax", 0, kSafeMost));
  return order;
}

BoundLinks read_binding(FieldReader& reader, const Napi::Object& value) {
  BoundLinks bound;
  const auto requests = [&](const char* name) {
    std::vector<std::vector<std::string>> all;
    const Napi::Array list = reader.array(value, name);
    for (std::uint32_t i = 0; i < list.Length() && !reader.failed(); ++i)
      all.push_back(read_words(reader, list.Get(i), name));
    return all;
  };
  bound.setup = requests("setup");
  bound.teardown = requests("teardown");
  bound.target_word = static_cast<std::int32_t>(reader.number(value, "targetWord", -1, 1024));
  const Napi::Object target = reader.object(value, "target");
  bound.target.client_id = static_cast<std::uint64_t>(reader.number(target, "id", 0, kSafeMost));
  bound.target.client_index =
      static_cast<std::uint32_t>(reader.number(target, "index", 0, 4294967295.0));
  bound.tracks = reader.boolean(value, "tracks");
  bound.everywhere = reader.boolean(value, "everywhere");
  bound.by_choice = reader.boolean(value, "byChoice");
  bound.state = reader.text(value, "state");
  const bool has_word = bound.target_word < 0 ||
                        (!bound.setup.empty() &&
                         static_cast<std::size_t>(bound.target_word) < bound.setup.back().size());
  if (!has_word) reader.fail("targetWord", "a word of the last request");
  return bound;
}

ControlAnswer read_answer(FieldReader& reader, const Napi::Object& value) {
  ControlAnswer answer;
  const Napi::Value reply = value.Get("reply");
  if (reply.IsEmpty() || !reply.IsBuffer()) {
    reader.fail("reply", "a Buffer");
    return answer;
  }
  const auto bytes = reply.As<Napi::Buffer<char>>();
  answer.reply.assign(bytes.Data(), bytes.Length());
  answer.close_after = reader.boolean(value, "closeAfter");
  answer.protocol = static_cast<std::uint8_t>(reader.number(value, "protocol", 0, 3));
  answer.user = static_cast<std::int32_t>(reader.number(value, "user", -1, 65535));
  const Napi::Value change = value.Get("change");
  if (!change.IsEmpty() && !change.IsUndefined()) {
    answer.change = static_cast<ClientChange>(
        1 + reader.word(value, "change",
                        {"reset", "no_evict_on", "no_evict_off", "monitor", "counts_writes_anew"}));
  }
  if (const Napi::Value next = value.Get("beforeNext"); !next.IsEmpty() && next.IsBuffer()) {
    const auto frame = next.As<Napi::Buffer<char>>();
    answer.before_next.assign(frame.Data(), frame.Length());
  }
  if (const Napi::Value slot = value.Get("watchSlot"); !slot.IsEmpty() && slot.IsNumber())
    answer.watch_slot = static_cast<std::int32_t>(reader.number(value, "watchSlot", 0, 16383));
  if (const Napi::Value kind = value.Get("noticeKind"); !kind.IsEmpty() && kind.IsNumber())
    answer.notice_kind = static_cast<std::int16_t>(reader.number(value, "noticeKind", 0, 255));
  const Napi::Value name = value.Get("name");
  if (!name.IsEmpty() && name.IsString()) {
    answer.renames = true;
    answer.name = name.As<Napi::String>().Utf8Value();
  }
  return answer;
}

Napi::Object write_batch(Napi::Env env, const UpBatch& batch) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array controls = Napi::Array::New(env, batch.controls.size());
  for (std::uint32_t i = 0; i < batch.controls.size(); ++i) {
    const Napi::HandleScope scope(env);
    controls.Set(i, write_control(env, batch.controls[i]));
  }
  Napi::Array events = Napi::Array::New(env, batch.events.size());
  for (std::uint32_t i = 0; i < batch.events.size(); ++i) {
    const Napi::HandleScope scope(env);
    const PlaneEvent& event = batch.events[i];
    Napi::Object one = Napi::Object::New(env);
    one.Set("kind", Napi::String::New(env, event_name(event.kind)));
    one.Set("database", Napi::Number::New(env, event.database));
    one.Set("slot", Napi::Number::New(env, event.slot));
    one.Set("server", Napi::String::New(env, event.label));
    one.Set("text", Napi::String::New(env, event.text));
    one.Set("known", Napi::Boolean::New(env, event.known));
    one.Set("count", Napi::Number::New(env, static_cast<double>(event.count)));
    one.Set("user", Napi::Number::New(env, event.user));
    events.Set(i, one);
  }
  Napi::Array errands = Napi::Array::New(env, batch.errands.size());
  for (std::uint32_t i = 0; i < batch.errands.size(); ++i) {
    const Napi::HandleScope scope(env);
    errands.Set(i, write_errand(env, batch.errands[i]));
  }
  object.Set("errands", errands);
  object.Set("controls", controls);
  object.Set("events", events);
  object.Set("reports", write_reports(env, batch.reports));
  object.Set("slow", write_slow_requests(env, batch.slow));
  return object;
}

Napi::Object write_counters(Napi::Env env, const WorkerCounters& counters) {
  Napi::Object object = Napi::Object::New(env);
#define SLOTGATE_WRITE(name) \
  object.Set(#name, Napi::Number::New(env, static_cast<double>(counters.name.get())));
  SLOTGATE_COUNTERS(SLOTGATE_WRITE)
#undef SLOTGATE_WRITE
  return object;
}

}  // namespace slotgate
