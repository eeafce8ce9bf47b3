#pragma once

#include "fd.h"
#include "napi.h"

namespace sockinspect {

/// unshare(2) with CLONE_NEWNET: of the calling thread alone, which is why a threaded process may.
void EnterNewNetworkNamespace();

/// A network namespace besides the calling thread's own: what `NativeNetworkNamespace` in src/socket/binding.ts describes.
class NetworkNamespace : public Napi::ObjectWrap<NetworkNamespace> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit NetworkNamespace(const Napi::CallbackInfo& info);

 private:
  Napi::Value Descriptor(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  Fd fd_;
};

}  // namespace sockinspect
