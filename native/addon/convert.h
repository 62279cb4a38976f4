#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/command_table.h"
#include "plane/bound_links.h"
#include "plane/control_desk.h"
#include "plane/database.h"
#include "plane/errands.h"
#include "plane/peer_rules.h"
#include "plane/presentation.h"
#include "plane/pubsub_census.h"
#include "plane/route_snapshot.h"
#include "plane/up_queue.h"

namespace slotgate {

/// True if `value` is a whole number from `least` to `most`.
[[nodiscard]] bool is_whole(const Napi::Value& value, double least, double most);

/// Reads fields of JavaScript objects. The first field that is missing or wrong is remembered, in
/// words; reading goes on with harmless values, so that callers check once at the end.
class FieldReader {
 public:
  explicit FieldReader(Napi::Env env) : env_(env) {}

  [[nodiscard]] std::string text(const Napi::Object& object, const char* name);
  [[nodiscard]] double number(const Napi::Object& object, const char* name, double least,
                              double most);
  [[nodiscard]] bool boolean(const Napi::Object& object, const char* name);
  [[nodiscard]] Napi::Object object(const Napi::Object& object, const char* name);
  [[nodiscard]] Napi::Array array(const Napi::Object& object, const char* name);
  /// Elements of an array that must be objects.
  [[nodiscard]] Napi::Object element(const Napi::Array& array, std::uint32_t index,
                                     const char* name);
  [[nodiscard]] std::vector<std::string> texts(const Napi::Object& object, const char* name);
  /// The position of the field's text in `words`; 0 if it is none of them.
  [[nodiscard]] std::size_t word(const Napi::Object& object, const char* name,
                                 const std::vector<const char*>& words);
  /// A Uint16Array: for each slot a number below `below`, an index into the field `list`, or
  /// 0xffff. Of length 16384, or 0.
  [[nodiscard]] std::vector<std::uint16_t> slots(const Napi::Object& object, const char* name,
                                                 std::size_t below, const char* list);
  void fail(const char* name, const std::string& expected);

  [[nodiscard]] bool failed() const { return !error_.empty() || env_.IsExceptionPending(); }
  /// Throws what went wrong as a TypeError, unless an accessor of the object has thrown already.
  void throw_error() const {
    if (env_.IsExceptionPending()) return;
    Napi::TypeError::New(env_, error_).ThrowAsJavaScriptException();
  }

 private:
  Napi::Env env_;
  std::string error_;
};

/// `NativeCommandRow[]`. Empty if it failed.
std::vector<CommandRow> read_command_rows(FieldReader& reader, const Napi::Array& rows);
/// `RouteSnapshot`.
std::shared_ptr<RouteSnapshot> read_routes(FieldReader& reader, const Napi::Object& value);
/// `DatabaseSettings`.
std::shared_ptr<DatabaseSettings> read_settings(FieldReader& reader, const Napi::Object& value);
/// `ControlAnswer`.
/// An order to send something as a client; which client is set by the caller.
ErrandOrder read_errand(FieldReader& reader, const Napi::Object& value);
/// What a client wants of its links; see Tracking::bind().
BoundLinks read_binding(FieldReader& reader, const Napi::Object& value);
ControlAnswer read_answer(FieldReader& reader, const Napi::Object& value);

/// `NativePresentation[]`.
std::shared_ptr<Presentations> read_presentations(FieldReader& reader, const Napi::Array& values);
/// Numbers of presentations.
std::vector<std::uint16_t> read_presentation_numbers(FieldReader& reader,
                                                     const Napi::Array& values);
/// A Buffer that holds exactly one RESP3 push.
std::string read_push(FieldReader& reader, const Napi::Value& value);
/// `NativeListenerRules`.
ListenerRules read_listener_rules(FieldReader& reader, const Napi::Object& value);

/// Client ids, sorted.
std::vector<std::uint64_t> read_ids(FieldReader& reader, const Napi::Array& values);
/// `ClientRef[]`.
std::vector<ClientName> read_client_names(FieldReader& reader, const Napi::Array& values);

/// `{controls: ControlRequest[], events: DataPlaneEvent[], reports: QueryReport[]}`
Napi::Object write_batch(Napi::Env env, const UpBatch& batch);
/// `QueryReport[]`.
Napi::Array write_reports(Napi::Env env, const std::vector<QueryReport>& reports);
/// Arguments 1 and 2 of `subscriptions()`.
struct SubscriptionQuestion {
  PubSubFamily family = PubSubFamily::kChannel;
  std::vector<std::string> names;
};
SubscriptionQuestion read_subscription_question(FieldReader& reader,
                                                const Napi::CallbackInfo& info);
/// `SubscriptionFigures`.
Napi::Object write_subscriptions(Napi::Env env, const std::vector<PubSubCensus::Count>& counts,
                                 const std::vector<std::pair<std::string, std::int64_t>>& unused,
                                 const PubSubCensus::Count& patterns);
/// `SlowRequest[]`.
Napi::Array write_slow_requests(Napi::Env env, const std::vector<SlowRequest>& requests);
/// The figures of a worker, by name.
Napi::Object write_counters(Napi::Env env, const WorkerCounters& counters);

}  // namespace slotgate
