#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>

#include "plane/plane.h"

namespace slotgate {

/// The JavaScript class `Plane`: checks every argument, turns it into an order or a snapshot, and
/// never lets its threads outlive the environment that made it.
class PlaneObject : public Napi::ObjectWrap<PlaneObject> {
 public:
  static Napi::Function define(Napi::Env env);

  /// new Plane(workers, wake): `wake()` is called when takeUp() has something new.
  explicit PlaneObject(const Napi::CallbackInfo& info);
  ~PlaneObject() override;
  PlaneObject(const PlaneObject&) = delete;
  PlaneObject& operator=(const PlaneObject&) = delete;

 private:
  void add_database(const Napi::CallbackInfo& info);
  void set_settings(const Napi::CallbackInfo& info);
  void set_commands(const Napi::CallbackInfo& info);
  void set_routes(const Napi::CallbackInfo& info);
  void set_presentations(const Napi::CallbackInfo& info);
  void listen(const Napi::CallbackInfo& info);
  Napi::Value stop_listening(const Napi::CallbackInfo& info);
  void preconnect(const Napi::CallbackInfo& info);
  void learn_script(const Napi::CallbackInfo& info);
  Napi::Value has_script(const Napi::CallbackInfo& info);
  Napi::Value script_body(const Napi::CallbackInfo& info);
  void clear_scripts(const Napi::CallbackInfo& info);
  void script_checked(const Napi::CallbackInfo& info);
  void answer(const Napi::CallbackInfo& info);
  void dispatch_again(const Napi::CallbackInfo& info);
  void bind(const Napi::CallbackInfo& info);
  void send(const Napi::CallbackInfo& info);
  void locate(const Napi::CallbackInfo& info);
  void make_leave(const Napi::CallbackInfo& info);
  void let_stay(const Napi::CallbackInfo& info);
  void set_memory_budget(const Napi::CallbackInfo& info);
  Napi::Value memory_use(const Napi::CallbackInfo& info);
  Napi::Value database_memory_use(const Napi::CallbackInfo& info);
  void count_clients(const Napi::CallbackInfo& info);
  void notify(const Napi::CallbackInfo& info);
  void query_clients(const Napi::CallbackInfo& info);
  void close_clients(const Napi::CallbackInfo& info);
  void pause_clients(const Napi::CallbackInfo& info);
  void unpause_clients(const Napi::CallbackInfo& info);
  void close_clients_of(const Napi::CallbackInfo& info);
  Napi::Value take_up(const Napi::CallbackInfo& info);
  Napi::Value subscriptions(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);

  /// Reads the object that is argument 1 and has every worker take it over for database argument 0.
  /// False if it threw.
  template <typename Read, typename Carry>
  bool publish(const Napi::CallbackInfo& info, const char* what, Read&& read, Carry&& carry);
  void stop_now();
  /// One function for adding the hook and for removing it.
  static void on_cleanup(void* self);
  /// The database number, argument `index`; throws and returns false if it is none.
  static bool database_argument(const Napi::CallbackInfo& info, std::size_t index,
                                std::uint32_t& id);
  /// The database that is argument `index` and the presentations behind it; throws and returns
  /// false if they are none.
  static bool audience_arguments(const Napi::CallbackInfo& info, std::size_t index,
                                 AudienceNames& names);
  /// The number of a query, argument 0; throws and returns false if it is none.
  static bool query_argument(const Napi::CallbackInfo& info, std::uint32_t& number);
  /// The scripts of the database that is argument 0; throws and returns nullptr if there is none.
  ScriptStore* scripts_argument(const Napi::CallbackInfo& info);
  /// The same, and the digest that is argument `index`.
  ScriptStore* digest_argument(const Napi::CallbackInfo& info, std::size_t index,
                               Sha1Digest& digest);
  bool client_argument(const Napi::CallbackInfo& info, std::uint64_t& id, std::uint32_t& index);

  std::unique_ptr<Plane> plane_;
  std::unordered_map<std::uint32_t, std::shared_ptr<ScriptStore>> scripts_;
  Napi::ThreadSafeFunction wake_;
  bool stopped_ = true;
};

}  // namespace slotgate
