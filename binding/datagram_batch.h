#pragma once

#include <sys/socket.h>

#include <array>
#include <vector>

#include "napi.h"

namespace sockinspect {

/// Datagrams received by one recvmmsg(2) and sent, perhaps back to where they came from, by one sendmmsg(2): what
/// `NativeDatagramBatch` in src/socket/binding.ts describes.
class DatagramBatch : public Napi::ObjectWrap<DatagramBatch> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit DatagramBatch(const Napi::CallbackInfo& info);

 private:
  struct Control {
    alignas(cmsghdr) std::array<char, 64> octets;
  };

  Napi::Value Octets(const Napi::CallbackInfo& info);
  Napi::Value Lengths(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Remote(const Napi::CallbackInfo& info);

  Napi::Reference<Napi::Uint8Array> octets_;
  Napi::Reference<Napi::Uint32Array> lengths_;
  // Of the two above: they are never detached but by a caller who transfers them, which Receive and Send look out for.
  uint8_t* data_ = nullptr;
  uint32_t* sizes_ = nullptr;
  std::vector<mmsghdr> messages_;
  std::vector<iovec> vectors_;
  std::vector<sockaddr_storage> addresses_;
  std::vector<Control> controls_;
};

}  // namespace sockinspect
