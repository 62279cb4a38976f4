#include <algorithm>
#include <cmath>

#include "addon/convert.h"

namespace slotgate {

bool is_whole(const Napi::Value& value, double least, double most) {
  if (value.IsEmpty() || !value.IsNumber()) return false;
  const double number = value.As<Napi::Number>().DoubleValue();
  return number >= least && number <= most && number == std::floor(number);
}

std::vector<std::uint16_t> FieldReader::slots(const Napi::Object& object, const char* name,
                                              std::size_t below, const char* list) {
  const Napi::Value value = object.Get(name);
  const bool is_array = !value.IsEmpty() && value.IsTypedArray() &&
                        value.As<Napi::TypedArray>().TypedArrayType() == napi_uint16_array;
  const std::size_t length = is_array ? value.As<Napi::TypedArray>().ElementLength() : 1;
  if (length != 0 && length != kSlotCount) {
    fail(name, "a Uint16Array of length 16384 or 0");
    return {};
  }
  const Napi::Uint16Array numbers = value.As<Napi::Uint16Array>();
  const std::vector<std::uint16_t> slots(numbers.Data(), numbers.Data() + length);
  const auto is_index = [&](std::uint16_t number) { return number == 0xffff || number < below; };
  if (!std::all_of(slots.begin(), slots.end(), is_index))
    fail(name, std::string("indexes into ") + list + ", or 0xffff");
  return slots;
}

void FieldReader::fail(const char* name, const std::string& expected) {
  if (error_.empty()) error_ = std::string(name) + " must be " + expected;
}

std::string FieldReader::text(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty() || !value.IsString()) {
    fail(name, "a string");
    return {};
  }
  return value.As<Napi::String>().Utf8Value();
}

double FieldReader::number(const Napi::Object& object, const char* name, double least,
                           double most) {
  const Napi::Value value = object.Get(name);
  if (is_whole(value, least, most)) return value.As<Napi::Number>().DoubleValue();
  fail(name, "a whole number from " + std::to_string(static_cast<std::int64_t>(least)) + " to " +
                 std::to_string(static_cast<std::int64_t>(most)));
  return least;
}

bool FieldReader::boolean(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty() || !value.IsBoolean()) {
    fail(name, "true or false");
    return false;
  }
  return value.As<Napi::Boolean>().Value();
}

Napi::Object FieldReader::object(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty() || !value.IsObject()) {
    fail(name, "an object");
    return Napi::Object::New(env_);
  }
  return value.As<Napi::Object>();
}

Napi::Array FieldReader::array(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty() || !value.IsArray()) {
    fail(name, "an array");
    return Napi::Array::New(env_);
  }
  return value.As<Napi::Array>();
}

Napi::Object FieldReader::element(const Napi::Array& array, std::uint32_t index, const char* name) {
  const Napi::Value value = array.Get(index);
  if (value.IsEmpty() || !value.IsObject()) {
    fail(name, "an array of objects");
    return Napi::Object::New(env_);
  }
  return value.As<Napi::Object>();
}

std::vector<std::string> FieldReader::texts(const Napi::Object& object, const char* name) {
  const Napi::Array values = array(object, name);
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < values.Length(); ++i) {
    const Napi::Value value = values.Get(i);
    if (value.IsEmpty() || !value.IsString()) {
      fail(name, "an array of strings");
      break;
    }
    texts.push_back(value.As<Napi::String>().Utf8Value());
  }
  return texts;
}

std::size_t FieldReader::word(const Napi::Object& object, const char* name,
                              const std::vector<const char*>& words) {
  const std::string given = text(object, name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (given == words[i]) return i;
  }
  std::string known;
  for (const char* one : words) known += (known.empty() ? "" : ", ") + std::string(one);
  fail(name, "one of: " + known);
  return 0;
}

}  // namespace slotgate
