#pragma once

#include <optional>

#include "fd.h"
#include "napi.h"
#include "poller.h"

namespace sockinspect {

/// An epoll instance that JavaScript asks which of many sockets are ready: what `NativePoll` in src/socket/binding.ts
/// describes. One wake-up by the poller serves all of them.
class Poll : public Napi::ObjectWrap<Poll> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Poll(const Napi::CallbackInfo& info);

 private:
  void RequireOpen() const;
  void Control(const Napi::CallbackInfo& info, int operation);

  Napi::Value Ready(const Napi::CallbackInfo& info);
  void Add(const Napi::CallbackInfo& info);
  void Change(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  Napi::Value Collect(const Napi::CallbackInfo& info);
  void Wait(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Destroyed from the last to the first: the watch needs the descriptor.
  Fd epoll_;
  Napi::Reference<Napi::Int32Array> ready_;
  std::optional<Poller::Watch> watch_;
};

}  // namespace sockinspect
