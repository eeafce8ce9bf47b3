#pragma once

#include <cerrno>
#include <exception>
#include <string>
#include <utility>

#include "napi.h"

namespace sockinspect {

/// A refusal of the operating system. `detail` says on what it was tried.
class SystemError : public std::exception {
 public:
  SystemError(int number, std::string syscall, std::string detail = {})
      : number_(number), syscall_(std::move(syscall)), detail_(std::move(detail)) {}

  int number() const { return number_; }
  const char* what() const noexcept override { return syscall_.c_str(); }

  /// As Node's own: `code` ("EPERM"), `errno` (negative), `syscall`; the message is "EPERM: …, socket AF_PACKET".
  Napi::Error ToNode(Napi::Env env) const;

 private:
  int number_;
  std::string syscall_;
  std::string detail_;
};

/// Makes `call` until no signal interrupts it; its result, or SystemError.
template <typename Call>
auto Retry(const char* syscall, const char* detail, Call call) {
  for (;;) {
    auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) throw SystemError(errno, syscall, detail);
  }
}

/// Runs `body`; a SystemError out of it becomes a JavaScript exception.
template <typename Body>
auto Reporting(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const SystemError& error) {
    throw error.ToNode(env);
  }
}

/// A caller's mistake: TypeError with `code` ERR_INVALID_ARG_VALUE.
Napi::TypeError BadArgument(Napi::Env env, const std::string& message);

/// An argument that must be a whole number of 32 bits; BadArgument otherwise.
uint32_t Unsigned(Napi::Env env, const Napi::Value& value, const char* name);
/// An argument that must be a string.
std::string Text(Napi::Env env, const Napi::Value& value, const char* name);

}  // namespace sockinspect
