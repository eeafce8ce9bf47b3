#pragma once

#include <sys/socket.h>

#include "error.h"
#include "napi.h"

namespace sockinspect {

/// setsockopt(2); `name` is for the error to say.
template <typename Value>
void SetSocketOption(int fd, int level, int option, const Value& value, const char* name) {
  Retry("setsockopt", name, [&] { return setsockopt(fd, level, option, &value, sizeof value); });
}

/// setsockopt(2) as JavaScript calls it: `info` is level, option, and a number or the octets of a structure.
void SetSocketOption(int fd, const Napi::CallbackInfo& info);

/// An argument that must be classic BPF: 1 to 4096 struct sock_filter; BadArgument otherwise.
Napi::Uint8Array FilterProgram(Napi::Env env, const Napi::Value& value);

/// SO_ATTACH_FILTER, socket(7).
void AttachFilter(int fd, const Napi::Uint8Array& program);

}  // namespace sockinspect
