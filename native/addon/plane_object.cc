#include "addon/plane_object.h"

#include <string>
#include <utility>

#include "addon/convert.h"

namespace slotgate {

namespace {

constexpr std::uint32_t kWorkersMost = 256;
constexpr double kUint32Most = 4294967295.0;
constexpr double kInt32Most = 2147483647.0;
constexpr double kSafeMost = 9007199254740991.0;
constexpr double kUsersMost = 65535;

void throw_type_error(Napi::Env env, const std::string& message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
}

}  // namespace

Napi::Function PlaneObject::define(Napi::Env env) {
  return DefineClass(env, "Plane",
                     {InstanceMethod<&PlaneObject::add_database>("addDatabase"),
                      InstanceMethod<&PlaneObject::set_settings>("setSettings"),
                      InstanceMethod<&PlaneObject::set_commands>("setCommands"),
                      InstanceMethod<&PlaneObject::set_routes>("setRoutes"),
                      InstanceMethod<&PlaneObject::set_presentations>("setPresentations"),
                      InstanceMethod<&PlaneObject::listen>("listen"),
                      InstanceMethod<&PlaneObject::stop_listening>("stopListening"),
                      InstanceMethod<&PlaneObject::preconnect>("preconnect"),
                      InstanceMethod<&PlaneObject::learn_script>("learnScript"),
                      InstanceMethod<&PlaneObject::has_script>("hasScript"),
                      InstanceMethod<&PlaneObject::script_body>("scriptBody"),
                      InstanceMethod<&PlaneObject::clear_scripts>("clearScripts"),
                      InstanceMethod<&PlaneObject::script_checked>("scriptChecked"),
                      InstanceMethod<&PlaneObject::answer>("answer"),
                      InstanceMethod<&PlaneObject::dispatch_again>("dispatchAgain"),
                      InstanceMethod<&PlaneObject::bind>("bind"),
                      InstanceMethod<&PlaneObject::send>("send"),
                      InstanceMethod<&PlaneObject::locate>("locate"),
                      InstanceMethod<&PlaneObject::make_leave>("makeLeave"),
                      InstanceMethod<&PlaneObject::let_stay>("letStay"),
                      InstanceMethod<&PlaneObject::set_memory_budget>("setMemoryBudget"),
                      InstanceMethod<&PlaneObject::memory_use>("memoryUse"),
                      InstanceMethod<&PlaneObject::database_memory_use>("databaseMemoryUse"),
                      InstanceMethod<&PlaneObject::count_clients>("countClients"),
                      InstanceMethod<&PlaneObject::notify>("notify"),
                      InstanceMethod<&PlaneObject::query_clients>("queryClients"),
                      InstanceMethod<&PlaneObject::close_clients>("closeClients"),
                      InstanceMethod<&PlaneObject::close_clients_of>("closeClientsOf"),
                      InstanceMethod<&PlaneObject::pause_clients>("pauseClients"),
                      InstanceMethod<&PlaneObject::unpause_clients>("unpauseClients"),
                      InstanceMethod<&PlaneObject::take_up>("takeUp"),
                      InstanceMethod<&PlaneObject::subscriptions>("subscriptions"),
                      InstanceMethod<&PlaneObject::counters>("counters"),
                      InstanceMethod<&PlaneObject::stop>("stop")});
}

PlaneObject::PlaneObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PlaneObject>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 2 || !is_whole(info[0], 0, kUint32Most) || !info[1].IsFunction()) {
    throw_type_error(env, "Plane takes a number of workers and a function");
    return;
  }
  const std::uint32_t workers = info[0].As<Napi::Number>().Uint32Value();
  if (workers < 1 || workers > kWorkersMost) {
    throw_type_error(env, "workers must be from 1 to 256");
    return;
  }
  wake_ = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "slotgate", 0, 1);
  plane_ = std::make_unique<Plane>(workers, [this] { (void)wake_.NonBlockingCall(); });
  stopped_ = false;
  // The newest hook runs first: the threads are joined before the function they call is torn down.
  napi_add_env_cleanup_hook(env, on_cleanup, this);
  if (!plane_->start()) {
    stop_now();
    Napi::Error::New(env, "the threads of the data plane could not be started")
        .ThrowAsJavaScriptException();
  }
}

PlaneObject::~PlaneObject() {
  stop_now();
  if (plane_) {
    napi_remove_env_cleanup_hook(Env(), on_cleanup, this);
  }
}

void PlaneObject::on_cleanup(void* self) { static_cast<PlaneObject*>(self)->stop_now(); }

void PlaneObject::stop_now() {
  if (stopped_) return;
  stopped_ = true;
  plane_->stop();
  wake_.Release();
}

bool PlaneObject::database_argument(const Napi::CallbackInfo& info, std::size_t index,
                                    std::uint32_t& id) {
  if (info.Length() <= index || !is_whole(info[index], 0, kUint32Most)) {
    throw_type_error(info.Env(), "the database must be a number");
    return false;
  }
  id = info[index].As<Napi::Number>().Uint32Value();
  return true;
}

template <typename Read, typename Carry>
bool PlaneObject::publish(const Napi::CallbackInfo& info, const char* what, Read&& read,
                          Carry&& carry) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return false;
  if (info.Length() < 2 || !info[1].IsObject()) {
    throw_type_error(info.Env(), std::string("the ") + what + " must be an object");
    return false;
  }
  FieldReader reader(info.Env());
  const auto value = read(reader, info[1].As<Napi::Object>());
  if (reader.failed()) {
    reader.throw_error();
    return false;
  }
  plane_->post_all([id, value, carry](Worker& worker) { carry(worker, id, value); });
  return true;
}

void PlaneObject::add_database(const Napi::CallbackInfo& info) {
  const auto scripts = std::make_shared<ScriptStore>();
  const bool added = publish(
      info, "settings",
      [&](FieldReader& reader, const Napi::Object& value) {
        auto settings = read_settings(reader, value);
        scripts->set_limit(settings->limits.script_cache_bytes_max);
        return settings;
      },
      [scripts](Worker& worker, std::uint32_t id,
                const std::shared_ptr<DatabaseSettings>& settings) {
        worker.add_database(id, settings, scripts);
      });
  if (added) scripts_[info[0].As<Napi::Number>().Uint32Value()] = scripts;
}

void PlaneObject::set_settings(const Napi::CallbackInfo& info) {
  std::size_t script_bytes = 0;
  const bool published = publish(
      info, "settings",
      [&](FieldReader& reader, const Napi::Object& value) {
        auto settings = read_settings(reader, value);
        script_bytes = settings->limits.script_cache_bytes_max;
        return settings;
      },
      [](Worker& worker, std::uint32_t id, const std::shared_ptr<DatabaseSettings>& settings) {
        worker.set_settings(id, settings);
      });
  if (!published) return;
  const auto scripts = scripts_.find(info[0].As<Napi::Number>().Uint32Value());
  if (scripts != scripts_.end()) scripts->second->set_limit(script_bytes);
}

void PlaneObject::set_routes(const Napi::CallbackInfo& info) {
  publish(info, "routes", read_routes,
          [](Worker& worker, std::uint32_t id, const std::shared_ptr<RouteSnapshot>& routes) {
            worker.set_routes(id, routes);
          });
}

void PlaneObject::set_commands(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return;
  if (info.Length() < 2 || !info[1].IsArray()) {
    throw_type_error(info.Env(), "the rows must be an array");
    return;
  }
  FieldReader reader(info.Env());
  std::vector<CommandRow> rows = read_command_rows(reader, info[1].As<Napi::Array>());
  if (reader.failed()) return reader.throw_error();
  std::string error;
  const std::shared_ptr<const CommandTable> table = CommandTable::build(std::move(rows), error);
  if (table == nullptr) return throw_type_error(info.Env(), error);
  plane_->post_all([id, table](Worker& worker) { worker.set_commands(id, table); });
}

void PlaneObject::listen(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return;
  if (info.Length() != 4 || !is_whole(info[1], 0, plane_->workers() - 1.0) ||
      !is_whole(info[2], 0, kInt32Most) || !info[3].IsObject()) {
    throw_type_error(info.Env(), "listen takes a database, a worker, a file descriptor and rules");
    return;
  }
  FieldReader reader(info.Env());
  const ListenerRules rules = read_listener_rules(reader, info[3].As<Napi::Object>());
  if (reader.failed()) return reader.throw_error();
  const int fd = info[2].As<Napi::Number>().Int32Value();
  plane_->post(info[1].As<Napi::Number>().Uint32Value(),
               [id, fd, rules](Worker& worker) { worker.listen(id, fd, rules); });
}

Napi::Value PlaneObject::stop_listening(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 4 || !is_whole(info[0], 0, plane_->workers() - 1.0) ||
      !is_whole(info[1], 0, kInt32Most) || !info[2].IsBoolean() || !info[3].IsFunction()) {
    throw_type_error(env,
                     "stopListening takes a worker, a file descriptor, a boolean and a function");
    return env.Undefined();
  }
  const int fd = info[1].As<Napi::Number>().Int32Value();
  const bool is_shared = info[2].As<Napi::Boolean>().Value();
  auto done = Napi::ThreadSafeFunction::New(env, info[3].As<Napi::Function>(), "slotgate", 0, 1);
  plane_->post(info[0].As<Napi::Number>().Uint32Value(), [fd, is_shared, done](Worker& worker) {
    worker.stop_listening(fd, is_shared, [done] {
      (void)done.NonBlockingCall();
      Napi::ThreadSafeFunction(done).Release();
    });
  });
  return env.Undefined();
}

void PlaneObject::preconnect(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return;
  plane_->post_all([id](Worker& worker) { worker.preconnect(id); });
}

bool PlaneObject::client_argument(const Napi::CallbackInfo& info, std::uint64_t& id,
                                  std::uint32_t& index) {
  FieldReader reader(info.Env());
  if (info.Length() < 1 || !info[0].IsObject()) {
    reader.fail("client", "an object");
  } else {
    const Napi::Object client = info[0].As<Napi::Object>();
    id = static_cast<std::uint64_t>(reader.number(client, "id", 1, 9007199254740991.0));
    index = static_cast<std::uint32_t>(reader.number(client, "index", 0, 4294967295.0));
    if (id % 256 >= plane_->workers()) reader.fail("client.id", "that of a client of this plane");
  }
  if (reader.failed()) reader.throw_error();
  return !reader.failed();
}

void PlaneObject::answer(const Napi::CallbackInfo& info) {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  if (!client_argument(info, id, index)) return;
  if (info.Length() < 2 || !info[1].IsObject()) {
    throw_type_error(info.Env(), "the answer must be an object");
    return;
  }
  FieldReader reader(info.Env());
  ControlAnswer answer = read_answer(reader, info[1].As<Napi::Object>());
  if (reader.failed()) return reader.throw_error();
  plane_->post(static_cast<std::uint32_t>(id % 256),
               [id, index, answer = std::move(answer)](Worker& worker) {
                 worker.control().answer(index, id, answer);
               });
}

void PlaneObject::dispatch_again(const Napi::CallbackInfo& info) {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  if (!client_argument(info, id, index)) return;
  plane_->post(static_cast<std::uint32_t>(id % 256),
               [id, index](Worker& worker) { worker.control().dispatch_again(index, id); });
}

void PlaneObject::bind(const Napi::CallbackInfo& info) {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  if (!client_argument(info, id, index)) return;
  if (info.Length() < 2 || !info[1].IsObject()) {
    throw_type_error(info.Env(), "the binding must be an object");
    return;
  }
  FieldReader reader(info.Env());
  BoundLinks bound = read_binding(reader, info[1].As<Napi::Object>());
  if (reader.failed()) return reader.throw_error();
  // Orders are copied, and a binding is not: it is shared until it is carried out.
  const auto shared = std::make_shared<const BoundLinks>(std::move(bound));
  plane_->post(static_cast<std::uint32_t>(id % 256),
               [id, index, shared](Worker& worker) { worker.control().bind(index, id, *shared); });
}

void PlaneObject::send(const Napi::CallbackInfo& info) {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  if (!client_argument(info, id, index)) return;
  if (info.Length() < 2 || !info[1].IsObject()) {
    throw_type_error(info.Env(), "the errand must be an object");
    return;
  }
  FieldReader reader(info.Env());
  ErrandOrder order = read_errand(reader, info[1].As<Napi::Object>());
  if (reader.failed()) return reader.throw_error();
  order.client_id = id;
  order.client_index = index;
  plane_->post(static_cast<std::uint32_t>(id % 256),
               [order = std::move(order)](Worker& worker) { worker.errands().run(order); });
}

void PlaneObject::locate(const Napi::CallbackInfo& info) {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  if (!client_argument(info, id, index)) return;
  if (info.Length() < 2 || !is_whole(info[1], 0, 9007199254740991.0)) {
    throw_type_error(info.Env(), "locate takes a client and a ticket");
    return;
  }
  const auto ticket = static_cast<std::uint64_t>(info[1].As<Napi::Number>().Int64Value());
  plane_->post(static_cast<std::uint32_t>(id % 256),
               [ticket, id, index](Worker& worker) { worker.errands().locate(ticket, index, id); });
}

bool PlaneObject::query_argument(const Napi::CallbackInfo& info, std::uint32_t& number) {
  if (info.Length() < 1 || !is_whole(info[0], 0, kUint32Most)) {
    throw_type_error(info.Env(), "the query must be a number");
    return false;
  }
  number = info[0].As<Napi::Number>().Uint32Value();
  return true;
}

void PlaneObject::query_clients(const Napi::CallbackInfo& info) {
  ClientQuery query;
  if (!query_argument(info, query.number) || !database_argument(info, 1, query.database)) return;
  if (info.Length() != 3 || !info[2].IsArray()) {
    throw_type_error(info.Env(), "the ids must be an array");
    return;
  }
  FieldReader reader(info.Env());
  query.ids = read_ids(reader, info[2].As<Napi::Array>());
  if (reader.failed()) return reader.throw_error();
  plane_->post_all([query](Worker& worker) { worker.queries().start(query); });
}

void PlaneObject::close_clients(const Napi::CallbackInfo& info) {
  std::uint32_t number = 0;
  if (!query_argument(info, number)) return;
  if (info.Length() != 2 || !info[1].IsArray()) {
    throw_type_error(info.Env(), "the clients must be an array");
    return;
  }
  FieldReader reader(info.Env());
  const auto names = std::make_shared<const std::vector<ClientName>>(
      read_client_names(reader, info[1].As<Napi::Array>()));
  if (reader.failed()) return reader.throw_error();
  plane_->post_all([number, names](Worker& worker) { worker.close_clients(number, *names); });
}

void PlaneObject::pause_clients(const Napi::CallbackInfo& info) {
  std::uint32_t number = 0;
  std::uint32_t id = 0;
  if (!query_argument(info, number) || !database_argument(info, 1, id)) return;
  if (info.Length() != 4 || !is_whole(info[2], 0, kSafeMost) || !info[3].IsBoolean()) {
    throw_type_error(info.Env(), "pauseClients takes a duration and whether all are paused");
    return;
  }
  const auto duration = static_cast<std::uint64_t>(info[2].As<Napi::Number>().DoubleValue());
  const bool all = info[3].As<Napi::Boolean>().Value();
  plane_->post_all([=](Worker& worker) { worker.pause_clients(number, id, duration, all); });
}

void PlaneObject::unpause_clients(const Napi::CallbackInfo& info) {
  std::uint32_t number = 0;
  std::uint32_t id = 0;
  if (!query_argument(info, number) || !database_argument(info, 1, id)) return;
  plane_->post_all([=](Worker& worker) { worker.unpause_clients(number, id); });
}

void PlaneObject::close_clients_of(const Napi::CallbackInfo& info) {
  ClientQuery query;
  if (!query_argument(info, query.number) || !database_argument(info, 1, query.database)) return;
  if (info.Length() != 3 || !is_whole(info[2], 0, kUsersMost)) {
    throw_type_error(info.Env(), "the user must be the number of one");
    return;
  }
  query.deleted_user = info[2].As<Napi::Number>().Int32Value();
  plane_->post_all([query](Worker& worker) { worker.queries().start(query); });
}

Napi::Value PlaneObject::take_up(const Napi::CallbackInfo& info) {
  return write_batch(info.Env(), plane_->take_up());
}

Napi::Value PlaneObject::subscriptions(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return info.Env().Undefined();
  FieldReader reader(info.Env());
  const SubscriptionQuestion question = read_subscription_question(reader, info);
  if (reader.failed()) {
    reader.throw_error();
    return info.Env().Undefined();
  }
  const PubSubCensus& census = plane_->census();
  return write_subscriptions(info.Env(), census.counts(id, question.family, question.names),
                             census.without_clients(id, question.family), census.patterns(id));
}

Napi::Value PlaneObject::counters(const Napi::CallbackInfo& info) {
  Napi::Array all = Napi::Array::New(info.Env(), plane_->workers());
  for (std::uint32_t i = 0; i < plane_->workers(); ++i) {
    all.Set(i, write_counters(info.Env(), plane_->counters(i)));
  }
  return all;
}

void PlaneObject::stop(const Napi::CallbackInfo&) { stop_now(); }

}  // namespace slotgate
