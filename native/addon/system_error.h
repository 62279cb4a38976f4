#pragma once

#include <napi.h>
#include <uv.h>

#include <string>

namespace slotgate {

/// Throws an Error for an `errno`, with its name as `code`, as Node's own functions do.
inline void throw_errno(Napi::Env env, const char* what, int number) {
  const int code = uv_translate_sys_error(number);
  Napi::Error error = Napi::Error::New(env, std::string(what) + ": " + uv_strerror(code));
  error.Set("code", Napi::String::New(env, uv_err_name(code)));
  error.ThrowAsJavaScriptException();
}

}  // namespace slotgate
