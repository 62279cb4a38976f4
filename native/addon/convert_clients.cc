// Clients as the control plane asks for them and is told of them.
#include <algorithm>

#include "addon/convert.h"

namespace slotgate {

namespace {

constexpr double kSafeMost = 9007199254740991.0;

Napi::Object write_record(Napi::Env env, const ClientRecord& record) {
  Napi::Object object = Napi::Object::New(env);
  const auto number = [&](const char* name, auto value) {
    object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  const auto text = [&](const char* name, const std::string& value) {
    object.Set(name, Napi::String::New(env, value));
  };
  const auto boolean = [&](const char* name, bool value) {
    object.Set(name, Napi::Boolean::New(env, value));
  };
  number("id", record.id);
  number("index", record.index);
  number("fd", record.fd);
  text("address", record.address);
  text("localAddress", record.local_address);
  text("name", record.name);
  text("library", record.library);
  text("libraryVersion", record.library_version);
  number("ageMs", record.age_ms);
  number("idleMs", record.idle_ms);
  number("user", record.user);
  number("presentation", record.presentation);
  number("protocol", record.protocol);
  number("row", record.row);
  number("inputBytes", record.input_bytes);
  number("inputRoom", record.input_room);
  number("outputBytes", record.output_bytes);
  number("memory", record.memory);
  number("channels", record.channels);
  number("patterns", record.patterns);
  number("shardChannels", record.shard_channels);
  boolean("unixSocket", record.unix_socket);
  boolean("reading", record.reading);
  boolean("writing", record.writing);
  boolean("closing", record.closing);
  boolean("noEvict", record.no_evict);
  boolean("monitoring", record.monitoring);
  boolean("blocked", record.blocked);
  boolean("watchBroken", record.watch_broken);
  number("queued", record.queued);
  number("queuedBytes", record.queued_bytes);
  return object;
}

}  // namespace

std::vector<std::uint64_t> read_ids(FieldReader& reader, const Napi::Array& values) {
  std::vector<std::uint64_t> ids;
  for (std::uint32_t i = 0; i < values.Length(); ++i) {
    const Napi::Value value = values.Get(i);
    if (!is_whole(value, 0, kSafeMost)) {
      reader.fail("ids", "whole numbers");
      break;
    }
    ids.push_back(static_cast<std::uint64_t>(value.As<Napi::Number>().DoubleValue()));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<ClientName> read_client_names(FieldReader& reader, const Napi::Array& values) {
  std::vector<ClientName> names;
  for (std::uint32_t i = 0; i < values.Length() && !reader.failed(); ++i) {
    const Napi::HandleScope scope(values.Env());
    const Napi::Object value = reader.element(values, i, "clients");
    names.push_back({static_cast<std::uint64_t>(reader.number(value, "id", 1, kSafeMost)),
                     static_cast<std::uint32_t>(reader.number(value, "index", 0, 4294967295.0))});
  }
  return names;
}

Napi::Array write_reports(Napi::Env env, const std::vector<QueryReport>& reports) {
  Napi::Array all = Napi::Array::New(env, reports.size());
  for (std::uint32_t i = 0; i < reports.size(); ++i) {
    const QueryReport& report = reports[i];
    Napi::Array records = Napi::Array::New(env, report.records.size());
    for (std::uint32_t k = 0; k < report.records.size(); ++k) {
      const Napi::HandleScope scope(env);
      records.Set(k, write_record(env, report.records[k]));
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("query", Napi::Number::New(env, report.number));
    object.Set("isDone", Napi::Boolean::New(env, report.done));
    object.Set("count", Napi::Number::New(env, report.count));
    object.Set("clients", records);
    all.Set(i, object);
  }
  return all;
}

Napi::Array write_slow_requests(Napi::Env env, const std::vector<SlowRequest>& requests) {
  Napi::Array all = Napi::Array::New(env, requests.size());
  for (std::uint32_t i = 0; i < requests.size(); ++i) {
    const Napi::HandleScope scope(env);
    const SlowRequest& request = requests[i];
    Napi::Array args = Napi::Array::New(env, request.args.size());
    for (std::uint32_t k = 0; k < request.args.size(); ++k) {
      args.Set(k, Napi::Buffer<char>::Copy(env, request.args[k].data(), request.args[k].size()));
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("database", Napi::Number::New(env, request.database));
    object.Set("durationMs", Napi::Number::New(env, request.duration_ms));
    object.Set("args", args);
    object.Set("clientAddress", Napi::String::New(env, request.client_address));
    object.Set("clientName", Napi::String::New(env, request.client_name));
    all.Set(i, object);
  }
  return all;
}

}  // namespace slotgate
