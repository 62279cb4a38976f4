// The Node-API module: `Plane`, and the few calls on sockets that Node has no words for.
#include <dlfcn.h>
#include <napi.h>

#include "addon/inherited_sockets.h"
#include "addon/memory.h"
#include "addon/plane_object.h"
#include "addon/sockets.h"
#include "core/crc16.h"
#include "plane/owned_bytes.h"

namespace slotgate {

namespace {

/// slotForKey(key: Buffer): number
Napi::Value slot_for_key_js(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsBuffer()) {
    Napi::TypeError::New(info.Env(), "slotForKey takes a Buffer").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  const auto key = info[0].As<Napi::Buffer<std::uint8_t>>();
  return Napi::Number::New(info.Env(), slot_for_key({key.Data(), key.Length()}));
}

/// Threads may still be in their last instructions when an environment unloads its libraries: this
/// one stays for good.
void pin_library() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&pin_library), &self) != 0 && self.dli_fname != nullptr) {
    (void)dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE | RTLD_NOLOAD);
  }
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  pin_library();
  prepare_allocator();
  exports.Set("Plane", PlaneObject::define(env));
  exports.Set("slotForKey", Napi::Function::New<slot_for_key_js>(env, "slotForKey"));
  define_sockets(env, exports);
  define_inherited_sockets(env, exports);
  define_memory(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(slotgate, initialize)

}  // namespace slotgate
