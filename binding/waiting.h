#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <memory>

#include "error.h"
#include "napi.h"
#include "poller.h"

namespace sockinspect {

/// Calls `callback` once, when one of `events` is there or the socket has an error, which becomes its argument. `wrap`,
/// the object that owns `fd` and `watch`, is kept alive until then. SystemError EALREADY while a wait is on.
template <typename Wrap>
void WaitOnce(Wrap& wrap, Poller::Watch& watch, int fd, uint32_t events, Napi::Env env, const Napi::Value& callback) {
  if (!callback.IsFunction()) throw BadArgument(env, "callback must be a function");
  if (watch.armed()) throw SystemError(EALREADY, "wait");
  auto kept = std::make_shared<Napi::FunctionReference>(Napi::Persistent(callback.As<Napi::Function>()));
  watch.Arm(events, [&wrap, fd, kept](Napi::Env now, uint32_t found) {
    wrap.Unref();
    int error = 0;
    if ((found & EPOLLERR) != 0) {
      socklen_t size = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    napi_value argument = now.Undefined();
    if (error != 0) argument = SystemError(error, "wait").ToNode(now).Value();
    // Not FunctionReference::Call, which cannot raise what a terminated worker leaves behind. From here on the socket
    // may be gone.
    napi_call_function(now, now.Undefined(), kept->Value(), 1, &argument, nullptr);
  });
  wrap.Ref();
}

}  // namespace sockinspect
