#include "datagram_batch.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "error.h"
#include "socket_address.h"

namespace sockinspect {
namespace {

// The largest datagram, and a cache line more than its power of two: otherwise all would begin in the same few lines of
// the processor's cache.
constexpr size_t kLargest = 65535;
constexpr size_t kStride = 65536 + 64;
constexpr uint32_t kMost = 1024;
constexpr int kWouldBlock = -1;

/// IP_PKTINFO and IPV6_PKTINFO, as received, say where a datagram was sent to; given back, they say where the answer comes
/// from. By which device, the routing table knows better.
void TurnAround(msghdr& message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(at), sizeof info);
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(at), &info, sizeof info);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(at), sizeof info);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) info.ipi6_addr = in6addr_any;
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      std::memcpy(CMSG_DATA(at), &info, sizeof info);
    }
  }
}

}  // namespace

Napi::Function DatagramBatch::Define(Napi::Env env) {
  return DefineClass(env, "DatagramBatch",
                     {
                         StaticValue("stride", Napi::Number::New(env, static_cast<double>(kStride))),
                         InstanceAccessor<&DatagramBatch::Octets>("octets"),
                         InstanceAccessor<&DatagramBatch::Lengths>("lengths"),
                         InstanceMethod<&DatagramBatch::Receive>("receive"),
                         InstanceMethod<&DatagramBatch::Send>("send"),
                         InstanceMethod<&DatagramBatch::Remote>("remote"),
                     });
}

DatagramBatch::DatagramBatch(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const uint32_t count = Unsigned(info.Env(), info[0], "count");
  if (count == 0 || count > kMost) throw BadArgument(info.Env(), "count must be a whole number from 1 to 1024");
  auto octets = Napi::Uint8Array::New(info.Env(), count * kStride);
  auto lengths = Napi::Uint32Array::New(info.Env(), count);
  data_ = octets.Data();
  sizes_ = lengths.Data();
  octets_ = Napi::Persistent(octets);
  lengths_ = Napi::Persistent(lengths);
  messages_.resize(count);
  vectors_.resize(count);
  addresses_.resize(count);
  controls_.resize(count);
  for (size_t at = 0; at < count; at++) {
    msghdr& message = messages_[at].msg_hdr;
    message.msg_iov = &vectors_[at];
    message.msg_iovlen = 1;
    message.msg_name = &addresses_[at];
    message.msg_control = controls_[at].octets.data();
  }
}

Napi::Value DatagramBatch::Octets(const Napi::CallbackInfo&) { return octets_.Value(); }

Napi::Value DatagramBatch::Lengths(const Napi::CallbackInfo&) { return lengths_.Value(); }

Napi::Value DatagramBatch::Receive(const Napi::CallbackInfo& info) {
  const auto fd = static_cast<int>(Unsigned(info.Env(), info[0], "fd"));
  if (octets_.Value().Data() != data_ || lengths_.Value().Data() != sizes_) {
    throw BadArgument(info.Env(), "the batch's octets or lengths were transferred away");
  }
  return Reporting(info.Env(), [&] {
    for (size_t at = 0; at < messages_.size(); at++) {
      vectors_[at] = {data_ + at * kStride, kLargest};
      messages_[at].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
      messages_[at].msg_hdr.msg_controllen = sizeof(Control);
    }
    for (;;) {
      const int count =
          recvmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()), MSG_DONTWAIT, nullptr);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno != EAGAIN) throw SystemError(errno, "recvmmsg");
      for (int each = 0; each < count; each++) {
        const auto at = static_cast<size_t>(each);
        sizes_[at] = messages_[at].msg_len;
        TurnAround(messages_[at].msg_hdr);
      }
      return Napi::Number::New(info.Env(), count < 0 ? kWouldBlock : count);
    }
  });
}

Napi::Value DatagramBatch::Send(const Napi::CallbackInfo& info) {
  const auto fd = static_cast<int>(Unsigned(info.Env(), info[0], "fd"));
  const uint32_t from = Unsigned(info.Env(), info[1], "from");
  const uint32_t to = Unsigned(info.Env(), info[2], "to");
  if (from > to || to > messages_.size()) throw BadArgument(info.Env(), "from and to must be inside the batch");
  if (octets_.Value().Data() != data_ || lengths_.Value().Data() != sizes_) {
    throw BadArgument(info.Env(), "the batch's octets or lengths were transferred away");
  }
  return Reporting(info.Env(), [&] {
    for (size_t at = from; at < to; at++) vectors_[at].iov_len = std::min<size_t>(sizes_[at], kLargest);
    for (;;) {
      const int count = sendmmsg(fd, messages_.data() + from, to - from, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno != EAGAIN) throw SystemError(errno, "sendmmsg");
      return Napi::Number::New(info.Env(), count < 0 ? kWouldBlock : count);
    }
  });
}

Napi::Value DatagramBatch::Remote(const Napi::CallbackInfo& info) {
  const uint32_t at = Unsigned(info.Env(), info[0], "at");
  if (at >= addresses_.size()) throw BadArgument(info.Env(), "at must be inside the batch");
  return ToNode(info.Env(), SocketAddress{addresses_[at], sizeof(sockaddr_storage)});
}

}  // namespace sockinspect
