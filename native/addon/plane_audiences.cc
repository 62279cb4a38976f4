// What clients are shown, and orders for those that are shown the same.
#include "addon/convert.h"
#include "addon/plane_object.h"

namespace slotgate {

namespace {

constexpr double kUint32Most = 4294967295.0;

void throw_type_error(Napi::Env env, const char* message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
}

}  // namespace

bool PlaneObject::audience_arguments(const Napi::CallbackInfo& info, std::size_t index,
                                     AudienceNames& names) {
  if (!database_argument(info, index, names.database)) return false;
  if (info.Length() <= index + 1 || !info[index + 1].IsArray()) {
    throw_type_error(info.Env(), "the presentations must be an array");
    return false;
  }
  FieldReader reader(info.Env());
  names.numbers = read_presentation_numbers(reader, info[index + 1].As<Napi::Array>());
  if (reader.failed()) reader.throw_error();
  return !reader.failed();
}

void PlaneObject::set_presentations(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return;
  if (info.Length() != 2 || !info[1].IsArray())
    return throw_type_error(info.Env(), "the presentations must be an array");
  FieldReader reader(info.Env());
  const std::shared_ptr<const Presentations> presentations =
      read_presentations(reader, info[1].As<Napi::Array>());
  if (reader.failed()) return reader.throw_error();
  plane_->post_all(
      [id, presentations](Worker& worker) { worker.set_presentations(id, presentations); });
}

void PlaneObject::make_leave(const Napi::CallbackInfo& info) {
  const bool fits = info.Length() == 2 || info.Length() == 4;
  if (!fits || !is_whole(info[0], 0, kUint32Most) || !info[1].IsBoolean()) {
    return throw_type_error(
        info.Env(),
        "makeLeave takes a number and a boolean, and may take a database and presentations");
  }
  const std::size_t most = info[0].As<Napi::Number>().Uint32Value();
  const Leaving how = info[1].As<Napi::Boolean>().Value() ? Leaving::kNow : Leaving::kInPause;
  if (info.Length() == 2) {
    return plane_->post_all([most, how](Worker& worker) { worker.leavers().add(most, how); });
  }
  AudienceNames among;
  if (!audience_arguments(info, 2, among)) return;
  plane_->post_all([most, how, among](Worker& worker) { worker.leavers().add(most, how, &among); });
}

void PlaneObject::let_stay(const Napi::CallbackInfo& info) {
  AudienceNames among;
  if (!audience_arguments(info, 0, among)) return;
  plane_->post_all([among](Worker& worker) { worker.leavers().let_stay(among); });
}

void PlaneObject::count_clients(const Napi::CallbackInfo& info) {
  std::uint32_t number = 0;
  AudienceNames names;
  if (!query_argument(info, number) || !audience_arguments(info, 1, names)) return;
  plane_->post_all([number, names](Worker& worker) { worker.count_clients(number, names); });
}

void PlaneObject::notify(const Napi::CallbackInfo& info) {
  Notice notice;
  if (!audience_arguments(info, 0, notice.to)) return;
  if (!is_whole(info[2], 1, 255))
    return throw_type_error(info.Env(),
                            "the kind of a notice must be a whole number from 1 to 255");
  notice.kind = static_cast<std::uint8_t>(info[2].As<Napi::Number>().Uint32Value());
  FieldReader reader(info.Env());
  notice.frame = read_push(reader, info[3]);
  if (reader.failed()) return reader.throw_error();
  const auto shared = std::make_shared<const Notice>(std::move(notice));
  plane_->post_all([shared](Worker& worker) { worker.notices().start(shared); });
}

}  // namespace slotgate
