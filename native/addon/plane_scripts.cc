// What JavaScript knows and says of scripts.
#include "addon/convert.h"
#include "addon/plane_object.h"

namespace slotgate {

namespace {

void throw_type_error(Napi::Env env, const char* message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
}

}  // namespace

ScriptStore* PlaneObject::scripts_argument(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return nullptr;
  const auto it = scripts_.find(id);
  if (it != scripts_.end()) return it->second.get();
  throw_type_error(info.Env(), "there is no such database");
  return nullptr;
}

ScriptStore* PlaneObject::digest_argument(const Napi::CallbackInfo& info, std::size_t index,
                                          Sha1Digest& digest) {
  ScriptStore* const scripts = scripts_argument(info);
  if (scripts == nullptr) return nullptr;
  const bool is_text = info.Length() > index && info[index].IsString();
  const std::string text = is_text ? info[index].As<Napi::String>().Utf8Value() : std::string();
  if (parse_hex(bytes_of(text), digest)) return scripts;
  throw_type_error(info.Env(), "the digest must be 40 hexadecimal digits");
  return nullptr;
}

void PlaneObject::learn_script(const Napi::CallbackInfo& info) {
  ScriptStore* const scripts = scripts_argument(info);
  if (scripts == nullptr) return;
  if (info.Length() != 2 || !info[1].IsBuffer())
    return throw_type_error(info.Env(), "the body must be a Buffer");
  const auto body = info[1].As<Napi::Buffer<std::uint8_t>>();
  (void)scripts->learn({body.Data(), body.Length()});
}

Napi::Value PlaneObject::has_script(const Napi::CallbackInfo& info) {
  Sha1Digest digest;
  const ScriptStore* const scripts = digest_argument(info, 1, digest);
  if (scripts == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), scripts->has(digest));
}

Napi::Value PlaneObject::script_body(const Napi::CallbackInfo& info) {
  Sha1Digest digest;
  const ScriptStore* const scripts = digest_argument(info, 1, digest);
  std::string body;
  if (scripts == nullptr || !scripts->body(digest, body)) return info.Env().Undefined();
  return Napi::Buffer<char>::Copy(info.Env(), body.data(), body.size());
}

void PlaneObject::clear_scripts(const Napi::CallbackInfo& info) {
  ScriptStore* const scripts = scripts_argument(info);
  if (scripts != nullptr) scripts->clear();
}

void PlaneObject::script_checked(const Napi::CallbackInfo& info) {
  Sha1Digest digest;
  if (digest_argument(info, 2, digest) == nullptr) return;
  if (info.Length() != 4 || !info[1].IsString() || !info[3].IsBoolean()) {
    return throw_type_error(info.Env(),
                            "scriptChecked takes a database, a node id, a digest and a boolean");
  }
  const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
  const std::string node_id = info[1].As<Napi::String>().Utf8Value();
  const bool loaded = info[3].As<Napi::Boolean>().Value();
  plane_->post_all([id, node_id, digest, loaded](Worker& worker) {
    worker.script_checked(id, node_id, digest, loaded);
  });
}

}  // namespace slotgate
