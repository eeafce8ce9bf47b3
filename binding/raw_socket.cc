#include "raw_socket.h"

#include <netinet/in.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "addon.h"
#include "address.h"
#include "batch.h"
#include "error.h"
#include "socket_option.h"
#include "waiting.h"

namespace sockinspect {
namespace {

// linux/in.h and linux/in6.h, which netinet/in.h does not go with.
constexpr int kIpNodefrag = 22;
constexpr int kIpv6HdrIncl = 36;

}  // namespace

Napi::Function RawSocket::Define(Napi::Env env) {
  return DefineClass(env, "RawSocket",
                     {
                         InstanceMethod<&RawSocket::Bind>("bind"),
                         InstanceMethod<&RawSocket::SetOption>("setOption"),
                         InstanceMethod<&RawSocket::GetOption>("getOption"),
                         InstanceMethod<&RawSocket::Send>("send"),
                         InstanceMethod<&RawSocket::SendBatch>("sendBatch"),
                         InstanceMethod<&RawSocket::Receive>("receive"),
                         InstanceMethod<&RawSocket::WaitReadable>("waitReadable"),
                         InstanceMethod<&RawSocket::WaitWritable>("waitWritable"),
                         InstanceMethod<&RawSocket::Close>("close"),
                     });
}

RawSocket::RawSocket(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) throw BadArgument(env, "options must be an object");
  const auto options = info[0].As<Napi::Object>();
  const uint32_t family = Unsigned(env, options.Get("family"), "family");
  if (family != 4 && family != 6) throw BadArgument(env, "family must be 4 or 6");
  const uint32_t protocol = Unsigned(env, options.Get("protocol"), "protocol");
  if (protocol > 255) throw BadArgument(env, "protocol must be below 256");
  const bool header_included = options.Get("headerIncluded").ToBoolean();
  Reporting(env, [&] {
    family_ = family == 4 ? AF_INET : AF_INET6;
    const char* name = family == 4 ? "AF_INET SOCK_RAW" : "AF_INET6 SOCK_RAW";
    fd_ = Fd(Retry("socket", name, [&] {
      return socket(family_, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, static_cast<int>(protocol));
    }));
    if (family == 4) {
      SetSocketOption(fd_.get(), IPPROTO_IP, IP_HDRINCL, header_included ? 1 : 0, "IP_HDRINCL");
      // Connection tracking would put fragments that we send together, and cut them anew.
      SetSocketOption(fd_.get(), IPPROTO_IP, kIpNodefrag, 1, "IP_NODEFRAG");
    } else {
      SetSocketOption(fd_.get(), IPPROTO_IPV6, kIpv6HdrIncl, header_included ? 1 : 0, "IPV6_HDRINCL");
    }
    writing_ = Fd(Retry("fcntl", "F_DUPFD_CLOEXEC", [&] { return fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0); }));
    const auto& poller = env.GetInstanceData<AddonData>()->poller;
    readable_.emplace(poller, fd_.get());
    writable_.emplace(poller, writing_.get());
  });
}

void RawSocket::RequireOpen(const char* syscall) const {
  if (!fd_.is_open()) throw SystemError(EBADF, syscall);
}

void RawSocket::Bind(const Napi::CallbackInfo& info) {
  const auto text = Text(info.Env(), info[0], "address");
  Reporting(info.Env(), [&] {
    RequireOpen("bind");
    sockaddr_storage address;
    const socklen_t size = ParseAddress(text).To(address);
    Retry("bind", text.c_str(), [&] { return bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size); });
  });
}

void RawSocket::SetOption(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("setsockopt");
    SetSocketOption(fd_.get(), info);
  });
}

Napi::Value RawSocket::GetOption(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto level = static_cast<int>(Unsigned(env, info[0], "level"));
  const auto option = static_cast<int>(Unsigned(env, info[1], "option"));
  return Reporting(env, [&] {
    RequireOpen("getsockopt");
    int value = 0;
    socklen_t size = sizeof value;
    Retry("getsockopt", "", [&] { return getsockopt(fd_.get(), level, option, &value, &size); });
    return Napi::Number::New(env, value);
  });
}

Napi::Value RawSocket::Send(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto packet = Octets(env, info[0], "packet");
  const auto text = Text(env, info[1], "address");
  return Reporting(env, [&] {
    RequireOpen("sendto");
    sockaddr_storage address;
    const socklen_t size = ParseAddress(text).To(address);
    const ssize_t sent = Retry("sendto", text.c_str(), [&] {
      return sendto(fd_.get(), packet.Data(), packet.ByteLength(), 0, reinterpret_cast<const sockaddr*>(&address), size);
    });
    return Napi::Number::New(env, static_cast<double>(sent));
  });
}

Napi::Value RawSocket::SendBatch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Batch batch(env, info[0], info[1], info[2]);
  const auto destinations = Octets(env, info[3], "destinations");
  const uint32_t scope = info[4].IsUndefined() ? 0 : Unsigned(env, info[4], "scope");
  AddressOctets to{};
  to.family = family_;
  to.scope = scope;
  const bool one = destinations.ByteLength() == to.size();
  if (!one && destinations.ByteLength() < batch.count() * to.size()) {
    throw BadArgument(env, "destinations must be one address, or one for each packet");
  }
  std::vector<sockaddr_storage> addresses(one ? 1 : batch.count());
  socklen_t size = 0;
  for (size_t at = 0; at < addresses.size(); at++) {
    std::memcpy(to.octets, destinations.Data() + at * to.size(), to.size());
    size = to.To(addresses[at]);
  }
  return Reporting(env, [&] {
    RequireOpen("sendmmsg");
    const size_t taken = batch.Send(fd_.get(), "SOCK_RAW", [&](msghdr& message, size_t at) {
      message.msg_name = &addresses[one ? 0 : at];
      message.msg_namelen = size;
    });
    return Napi::Number::New(env, static_cast<double>(taken));
  });
}

Napi::Value RawSocket::Receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto into = Octets(env, info[0], "into");
  return Reporting(env, [&]() -> Napi::Value {
    RequireOpen("recvfrom");
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    ssize_t length;
    try {
      length = Retry("recvfrom", "SOCK_RAW", [&] {
        return recvfrom(fd_.get(), into.Data(), into.ByteLength(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &size);
      });
    } catch (const SystemError& error) {
      if (error.number() == EAGAIN) return env.Undefined();
      throw;
    }
    const auto* octets = family_ == AF_INET
                             ? reinterpret_cast<const uint8_t*>(&reinterpret_cast<sockaddr_in&>(from).sin_addr)
                             : reinterpret_cast<const uint8_t*>(&reinterpret_cast<sockaddr_in6&>(from).sin6_addr);
    auto result = Napi::Object::New(env);
    result.Set("length", static_cast<double>(length));
    result.Set("address", AddressText(family_, octets, family_ == AF_INET ? sizeof(in_addr) : sizeof(in6_addr)));
    result.Set("scope", family_ == AF_INET ? 0 : reinterpret_cast<sockaddr_in6&>(from).sin6_scope_id);
    return result;
  });
}

void RawSocket::WaitReadable(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("wait");
    WaitOnce(*this, *readable_, fd_.get(), EPOLLIN, info.Env(), info[0]);
  });
}

void RawSocket::WaitWritable(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("wait");
    WaitOnce(*this, *writable_, writing_.get(), EPOLLOUT, info.Env(), info[0]);
  });
}

void RawSocket::Close(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    for (auto* watch : {&readable_, &writable_}) {
      if (*watch && (*watch)->armed()) Unref();
      watch->reset();
    }
    writing_.Close();
    fd_.Close();
  });
}

}  // namespace sockinspect
