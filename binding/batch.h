#pragma once

#include <sys/socket.h>

#include <array>
#include <functional>

#include "napi.h"

namespace sockinspect {

/// Packets that lie back to back in one Uint8Array, their lengths in a Uint32Array: one crossing into native code and one
/// system call for many.
class Batch {
 public:
  /// BadArgument where the lengths are more than the octets.
  Batch(Napi::Env env, const Napi::Value& octets, const Napi::Value& lengths, const Napi::Value& count);

  size_t count() const { return count_; }
  /// sendmmsg(2) until all are taken or one is refused. How many were taken; SystemError where the first is refused.
  /// `address` gives message number `at` of the batch its address.
  size_t Send(int fd, const char* what, const std::function<void(msghdr& message, size_t at)>& address) const;

 private:
  uint8_t* data_ = nullptr;
  const uint32_t* lengths_ = nullptr;
  size_t count_ = 0;
};

/// An argument that must be a Uint8Array; BadArgument otherwise.
Napi::Uint8Array Octets(Napi::Env env, const Napi::Value& value, const char* name);

}  // namespace sockinspect
