#include "batch.h"

#include <algorithm>
#include <string>

#include "error.h"

namespace sockinspect {
namespace {

// Measured: larger chunks gain nothing.
constexpr size_t kChunk = 128;

}  // namespace

Napi::Uint8Array Octets(Napi::Env env, const Napi::Value& value, const char* name) {
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    return value.As<Napi::Uint8Array>();
  }
  throw BadArgument(env, std::string(name) + " must be a Uint8Array");
}

Batch::Batch(Napi::Env env, const Napi::Value& octets, const Napi::Value& lengths, const Napi::Value& count) {
  auto bytes = Octets(env, octets, "octets");
  if (!lengths.IsTypedArray() || lengths.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    throw BadArgument(env, "lengths must be a Uint32Array");
  }
  const auto sizes = lengths.As<Napi::Uint32Array>();
  count_ = Unsigned(env, count, "count");
  if (count_ > sizes.ElementLength()) throw BadArgument(env, "count must not be more than there are lengths");
  data_ = bytes.Data();
  lengths_ = sizes.Data();
  size_t total = 0;
  for (size_t at = 0; at < count_; at++) total += lengths_[at];
  if (total > bytes.ByteLength()) throw BadArgument(env, "lengths must not add up to more than the octets");
}

size_t Batch::Send(int fd, const char* what, const std::function<void(msghdr& message, size_t at)>& address) const {
  std::array<mmsghdr, kChunk> messages{};
  std::array<iovec, kChunk> vectors;
  uint8_t* data = data_;
  for (size_t taken = 0; taken < count_;) {
    const size_t size = std::min(kChunk, count_ - taken);
    uint8_t* end = data;
    for (size_t at = 0; at < size; at++) {
      vectors[at] = {end, lengths_[taken + at]};
      end += lengths_[taken + at];
      messages[at].msg_hdr.msg_iov = &vectors[at];
      messages[at].msg_hdr.msg_iovlen = 1;
      address(messages[at].msg_hdr, taken + at);
    }
    int sent;
    try {
      sent = Retry("sendmmsg", what, [&] { return sendmmsg(fd, messages.data(), static_cast<unsigned>(size), 0); });
    } catch (const SystemError&) {
      if (taken == 0) throw;
      return taken;
    }
    for (int at = 0; at < sent; at++) data += vectors[static_cast<size_t>(at)].iov_len;
    taken += static_cast<size_t>(sent);
  }
  return count_;
}

}  // namespace sockinspect
