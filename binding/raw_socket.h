#pragma once

#include <optional>

#include "fd.h"
#include "napi.h"
#include "poller.h"

namespace sockinspect {

/// raw(7) and RFC 3542: what `NativeRawSocket` in src/socket/binding.ts describes.
class RawSocket : public Napi::ObjectWrap<RawSocket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RawSocket(const Napi::CallbackInfo& info);

 private:
  void RequireOpen(const char* syscall) const;

  void Bind(const Napi::CallbackInfo& info);
  void SetOption(const Napi::CallbackInfo& info);
  Napi::Value GetOption(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value SendBatch(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  void WaitReadable(const Napi::CallbackInfo& info);
  void WaitWritable(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Destroyed from the last to the first: the watches need the descriptors, of which an epoll instance takes each once.
  Fd fd_;
  Fd writing_;
  std::optional<Poller::Watch> readable_;
  std::optional<Poller::Watch> writable_;
  int family_ = 0;
};

}  // namespace sockinspect
