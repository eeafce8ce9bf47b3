#pragma once

#include <cstdint>
#include <optional>

#include "fd.h"
#include "napi.h"
#include "poller.h"

namespace sockinspect {

/// The calls of socket(7), one system call a method, for stream and datagram sockets: what `NativeSocket` in
/// src/socket/binding.ts describes.
class Socket : public Napi::ObjectWrap<Socket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Socket(const Napi::CallbackInfo& info);

 private:
  void Open(Napi::Env env, const Napi::Object& options);
  void RequireOpen(const char* syscall) const;
  void StopWaiting();

  Napi::Value Descriptor(const Napi::CallbackInfo& info);
  Napi::Value Family(const Napi::CallbackInfo& info);
  void Bind(const Napi::CallbackInfo& info);
  void Listen(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Connect(const Napi::CallbackInfo& info);
  void FinishConnect(const Napi::CallbackInfo& info);
  void Disconnect(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value SendTo(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value ReceiveFrom(const Napi::CallbackInfo& info);
  Napi::Value ReceiveError(const Napi::CallbackInfo& info);
  void Shutdown(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  void SetFilter(const Napi::CallbackInfo& info);
  Napi::Value LocalAddress(const Napi::CallbackInfo& info);
  Napi::Value RemoteAddress(const Napi::CallbackInfo& info);
  void Wait(const Napi::CallbackInfo& info);
  Napi::Value Detach(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Destroyed from the last to the first: the watch needs the descriptor.
  Fd fd_;
  std::optional<Poller::Watch> watch_;
  Napi::FunctionReference callback_;
  int family_ = 0;
};

}  // namespace sockinspect
