// The memory of the data plane, as the control plane sees to it.
#include "addon/convert.h"
#include "addon/memory.h"
#include "addon/plane_object.h"
#include "plane/owned_bytes.h"

namespace slotgate {

namespace {

constexpr double kSafeMost = 9007199254740991.0;

}  // namespace

void PlaneObject::set_memory_budget(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !is_whole(info[0], 0, kSafeMost)) {
    Napi::TypeError::New(info.Env(), "the budget must be a number of bytes")
        .ThrowAsJavaScriptException();
    return;
  }
  const auto bytes = static_cast<std::uint64_t>(info[0].As<Napi::Number>().DoubleValue());
  plane_->post_all([bytes](Worker& worker) { worker.memory().set_budget(bytes); });
}

Napi::Value PlaneObject::memory_use(const Napi::CallbackInfo& info) {
  const auto sum = [&](Counter WorkerCounters::*figure) {
    double all = 0;
    for (std::uint32_t i = 0; i < plane_->workers(); ++i)
      all += static_cast<double>((plane_->counters(i).*figure).get());
    return Napi::Number::New(info.Env(), all);
  };
  Napi::Object use = Napi::Object::New(info.Env());
  use.Set("bytes", sum(&WorkerCounters::memory_bytes));
  use.Set("stoppedNow", sum(&WorkerCounters::memory_stopped_now));
  use.Set("stops", sum(&WorkerCounters::memory_stops));
  use.Set("closed", sum(&WorkerCounters::memory_closed));
  use.Set("refused", sum(&WorkerCounters::memory_refused));
  return use;
}

void define_memory(Napi::Env env, Napi::Object exports) {
  exports.Set("trimMemory",
              Napi::Function::New(
                  env, [](const Napi::CallbackInfo&) { give_free_memory_back(); }, "trimMemory"));
}

}  // namespace slotgate
