// Subscriptions as the control plane asks for them.
#include <algorithm>
#include <array>
#include <string_view>

#include "addon/convert.h"

namespace slotgate {

namespace {

constexpr std::array<std::string_view, kPubSubFamilies> kFamilyNames = {"channel", "pattern",
                                                                        "shard"};

Napi::Object write_count(Napi::Env env, const PubSubCensus::Count& count) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("clients", Napi::Number::New(env, static_cast<double>(count.clients)));
  object.Set("links", Napi::Number::New(env, static_cast<double>(count.links)));
  return object;
}

}  // namespace

SubscriptionQuestion read_subscription_question(FieldReader& reader,
                                                const Napi::CallbackInfo& info) {
  SubscriptionQuestion question;
  const std::string family =
      info.Length() > 1 && info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : "";
  const auto* const found = std::find(kFamilyNames.begin(), kFamilyNames.end(), family);
  if (found == kFamilyNames.end()) {
    reader.fail("family", "'channel', 'pattern' or 'shard'");
    return question;
  }
  question.family = static_cast<PubSubFamily>(found - kFamilyNames.begin());
  if (info.Length() < 3 || !info[2].IsArray()) {
    reader.fail("names", "an array of Buffers");
    return question;
  }
  const Napi::Array names = info[2].As<Napi::Array>();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const Napi::HandleScope scope(info.Env());
    const Napi::Value name = names.Get(i);
    if (!name.IsBuffer()) {
      reader.fail("names", "an array of Buffers");
      break;
    }
    const auto bytes = name.As<Napi::Buffer<char>>();
    question.names.emplace_back(bytes.Data(), bytes.Length());
  }
  return question;
}

Napi::Object write_subscriptions(Napi::Env env, const std::vector<PubSubCensus::Count>& counts,
                                 const std::vector<std::pair<std::string, std::int64_t>>& unused,
                                 const PubSubCensus::Count& patterns) {
  Napi::Array all = Napi::Array::New(env, counts.size());
  for (std::uint32_t i = 0; i < counts.size(); ++i) all.Set(i, write_count(env, counts[i]));
  Napi::Array left = Napi::Array::New(env, unused.size());
  for (std::uint32_t i = 0; i < unused.size(); ++i) {
    const Napi::HandleScope scope(env);
    const auto& [name, links] = unused[i];
    Napi::Object one = Napi::Object::New(env);
    one.Set("name", Napi::Buffer<char>::Copy(env, name.data(), name.size()));
    one.Set("links", Napi::Number::New(env, static_cast<double>(links)));
    left.Set(i, one);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("counts", all);
  object.Set("unused", left);
  object.Set("patterns", write_count(env, patterns));
  return object;
}

}  // namespace slotgate
