// The memory of the data plane, as the control plane sees to it.
#include "addon/convert.h"
#include "addon/memory.h"
#include "addon/plane_object.h"
#include "plane/owned_bytes.h"

namespace slotgate {

namespace {

constexpr double kSafeMost = 9007199254740991.0;
/// A worker with little to do looks after its memory once a second.
constexpr std::uint64_t kMeasuredMostMs = 3000;

struct Use {
  std::uint64_t bytes;
  std::uint64_t stopped_now;
  std::uint64_t stops;
  std::uint64_t closed;
  std::uint64_t refused;
};

Napi::Value use_of(Napi::Env env, const Use& figures) {
  Napi::Object use = Napi::Object::New(env);
  const auto set = [&](const char* name, std::uint64_t figure) {
    use.Set(name, Napi::Number::New(env, static_cast<double>(figure)));
  };
  set("bytes", figures.bytes);
  set("stoppedNow", figures.stopped_now);
  set("stops", figures.stops);
  set("closed", figures.closed);
  set("refused", figures.refused);
  return use;
}

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
    std::uint64_t all = 0;
    for (std::uint32_t i = 0; i < plane_->workers(); ++i)
      all += (plane_->counters(i).*figure).get();
    return all;
  };
  return use_of(info.Env(),
                {sum(&WorkerCounters::memory_bytes), sum(&WorkerCounters::memory_stopped_now),
                 sum(&WorkerCounters::memory_stops), sum(&WorkerCounters::memory_closed),
                 sum(&WorkerCounters::memory_refused)});
}

Napi::Value PlaneObject::database_memory_use(const Napi::CallbackInfo& info) {
  std::uint32_t id = 0;
  if (!database_argument(info, 0, id)) return info.Env().Undefined();
  const DatabaseMemory& memory = plane_->memory_ledger().of(id);
  const auto sum = [&](Counter DatabaseMemory::Page::*figure) {
    std::uint64_t all = 0;
    for (const DatabaseMemory::Page& page : memory.pages()) all += (page.*figure).get();
    return all;
  };
  const std::uint64_t now_ms = uv_hrtime() / 1000000;
  return use_of(info.Env(),
                {memory.total_since(now_ms - kMeasuredMostMs).bytes,
                 sum(&DatabaseMemory::Page::stopped_now), sum(&DatabaseMemory::Page::stops),
                 sum(&DatabaseMemory::Page::closed), sum(&DatabaseMemory::Page::refused)});
}

void define_memory(Napi::Env env, Napi::Object exports) {
  exports.Set("trimMemory",
              Napi::Function::New(
                  env, [](const Napi::CallbackInfo&) { give_free_memory_back(); }, "trimMemory"));
}

}  // namespace slotgate
