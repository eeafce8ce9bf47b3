#include "socket.h"

// linux/errqueue.h wants struct timespec
#include <time.h>

#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "addon.h"
#include "batch.h"
#include "error.h"
#include "socket_address.h"
#include "socket_option.h"

namespace sockinspect {
namespace {

// What a call that would have to wait gives, where its result is a number.
constexpr int kWouldBlock = -1;

int IntOption(int fd, int option, const char* name) {
  int value = 0;
  socklen_t size = sizeof value;
  Retry("getsockopt", name, [&] { return getsockopt(fd, SOL_SOCKET, option, &value, &size); });
  return value;
}

int Flags(const Napi::Value& value) {
  int flags = 0;
  napi_get_value_int32(value.Env(), value, &flags); // left as it is by what is no number
  return flags;
}

/// Makes `call` until no signal interrupts it; its result, kWouldBlock or SystemError.
template <typename Call>
ssize_t Try(const char* syscall, Call call) {
  for (;;) {
    const ssize_t result = call();
    if (result >= 0) return result;
    if (errno == EAGAIN) return kWouldBlock;
    if (errno != EINTR) throw SystemError(errno, syscall);
  }
}

/// Octets `at` to `end` of a Uint8Array.
struct Range {
  uint8_t* data;
  size_t size;

  Range(Napi::Env env, const Napi::Value& value, const Napi::Value& from, const Napi::Value& to) {
    // Once for all that Napi::Uint8Array would ask one by one: this is what a server does for each message
    napi_typedarray_type type;
    size_t length;
    void* octets;
    const napi_status status = napi_get_typedarray_info(env, value, &type, &length, &octets, nullptr, nullptr);
    if (status != napi_ok || type != napi_uint8_array) throw BadArgument(env, "octets must be a Uint8Array");
    const size_t at = Unsigned(env, from, "at");
    const size_t end = Unsigned(env, to, "end");
    if (at > end || end > length) throw BadArgument(env, "at and end must be inside the octets");
    data = static_cast<uint8_t*>(octets) + at;
    size = end - at;
  }
};

using NameOf = int (*)(int, sockaddr*, socklen_t*);

Napi::Value NameOfSocket(Napi::Env env, int fd, const char* syscall, NameOf call) {
  SocketAddress address;
  if (call(fd, address.get(), &address.size) == 0) return ToNode(env, address);
  if (errno == ENOTCONN || errno == EINVAL) return env.Undefined();
  throw SystemError(errno, syscall);
}

}  // namespace

Napi::Function Socket::Define(Napi::Env env) {
  return DefineClass(env, "Socket",
                     {
                         InstanceAccessor<&Socket::Descriptor>("fd"),
                         InstanceAccessor<&Socket::Family>("family"),
                         InstanceMethod<&Socket::Bind>("bind"),
                         InstanceMethod<&Socket::Listen>("listen"),
                         InstanceMethod<&Socket::Accept>("accept"),
                         InstanceMethod<&Socket::Connect>("connect"),
                         InstanceMethod<&Socket::FinishConnect>("finishConnect"),
                         InstanceMethod<&Socket::Disconnect>("disconnect"),
                         InstanceMethod<&Socket::Send>("send"),
                         InstanceMethod<&Socket::SendTo>("sendTo"),
                         InstanceMethod<&Socket::Receive>("receive"),
                         InstanceMethod<&Socket::ReceiveFrom>("receiveFrom"),
                         InstanceMethod<&Socket::ReceiveError>("receiveError"),
                         InstanceMethod<&Socket::Shutdown>("shutdown"),
                         InstanceMethod<&Socket::SetOption>("setOption"),
                         InstanceMethod<&Socket::GetOption>("getOption"),
                         InstanceMethod<&Socket::SetFilter>("setFilter"),
                         InstanceMethod<&Socket::LocalAddress>("localAddress"),
                         InstanceMethod<&Socket::RemoteAddress>("remoteAddress"),
                         InstanceMethod<&Socket::Wait>("wait"),
                         InstanceMethod<&Socket::Detach>("detach"),
                         InstanceMethod<&Socket::Close>("close"),
                     });
}

Socket::Socket(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (!info[0].IsObject()) throw BadArgument(info.Env(), "options must be an object");
  Reporting(info.Env(), [&] { Open(info.Env(), info[0].As<Napi::Object>()); });
}

void Socket::Open(Napi::Env env, const Napi::Object& options) {
  if (options.Has("fd")) {
    const auto fd = static_cast<int>(Unsigned(env, options.Get("fd"), "fd"));
    const int domain = IntOption(fd, SO_DOMAIN, "SO_DOMAIN");
    if (domain != AF_INET && domain != AF_INET6) throw SystemError(EAFNOSUPPORT, "getsockopt", "SO_DOMAIN");
    const int flags = Retry("fcntl", "F_GETFL", [&] { return fcntl(fd, F_GETFL); });
    Retry("fcntl", "F_SETFL", [&] { return fcntl(fd, F_SETFL, flags | O_NONBLOCK); });
    family_ = domain;
    fd_ = Fd(fd);
    return;
  }
  const uint32_t family = Unsigned(env, options.Get("family"), "family");
  if (family != 4 && family != 6) throw BadArgument(env, "family must be 4 or 6");
  const std::string type = Text(env, options.Get("type"), "type");
  if (type != "stream" && type != "datagram") throw BadArgument(env, "type must be stream or datagram");
  family_ = family == 4 ? AF_INET : AF_INET6;
  const int kind = type == "stream" ? SOCK_STREAM : SOCK_DGRAM;
  fd_ = Fd(Retry("socket", "", [&] { return socket(family_, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }));
}

void Socket::RequireOpen(const char* syscall) const {
  if (!fd_.is_open()) throw SystemError(EBADF, syscall);
}

Napi::Value Socket::Descriptor(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), fd_.get()); }

Napi::Value Socket::Family(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), family_ == AF_INET ? 4 : 6);
}

void Socket::Bind(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("bind");
    const auto address = SocketAddressFrom(info.Env(), family_, info[0], info[1]);
    Retry("bind", "", [&] { return bind(fd_.get(), address.get(), address.size); });
  });
}

void Socket::Listen(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("listen");
    const auto backlog = static_cast<int>(Unsigned(info.Env(), info[0], "backlog"));
    Retry("listen", "", [&] { return listen(fd_.get(), backlog); });
  });
}

Napi::Value Socket::Accept(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&]() -> Napi::Value {
    RequireOpen("accept");
    SocketAddress peer;
    const ssize_t fd = Try("accept", [&]() -> ssize_t {
      peer.size = sizeof peer.storage;
      return accept4(fd_.get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    });
    if (fd == kWouldBlock) return info.Env().Undefined();
    Fd accepted(static_cast<int>(fd));
    auto result = Napi::Object::New(info.Env());
    result.Set("fd", accepted.get());
    result.Set("remote", ToNode(info.Env(), peer));
    accepted.Release();
    return result;
  });
}

Napi::Value Socket::Connect(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("connect");
    const auto address = SocketAddressFrom(info.Env(), family_, info[0], info[1]);
    const bool connected = connect(fd_.get(), address.get(), address.size) == 0;
    // POSIX: what a signal interrupts goes on by itself, too
    if (!connected && errno != EINPROGRESS && errno != EINTR) throw SystemError(errno, "connect");
    return Napi::Boolean::New(info.Env(), connected);
  });
}

void Socket::FinishConnect(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("connect");
    if (const int error = IntOption(fd_.get(), SO_ERROR, "SO_ERROR"); error != 0) throw SystemError(error, "connect");
  });
}

void Socket::Disconnect(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("connect");
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    Retry("connect", "AF_UNSPEC", [&] { return connect(fd_.get(), &nobody, sizeof nobody); });
  });
}

Napi::Value Socket::Send(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("send");
    const Range range(info.Env(), info[0], info[1], info[2]);
    const int flags = Flags(info[3]) | MSG_NOSIGNAL;
    const ssize_t sent = Try("send", [&] { return send(fd_.get(), range.data, range.size, flags); });
    return Napi::Number::New(info.Env(), static_cast<double>(sent));
  });
}

Napi::Value Socket::SendTo(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("sendto");
    const auto octets = Octets(info.Env(), info[0], "octets");
    const auto address = SocketAddressFrom(info.Env(), family_, info[1], info[2]);
    const ssize_t sent = Try("sendto", [&] {
      return sendto(fd_.get(), octets.Data(), octets.ByteLength(), MSG_NOSIGNAL, address.get(), address.size);
    });
    return Napi::Number::New(info.Env(), static_cast<double>(sent));
  });
}

Napi::Value Socket::Receive(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("recv");
    const Range range(info.Env(), info[0], info[1], info[2]);
    const ssize_t length = Try("recv", [&] { return recv(fd_.get(), range.data, range.size, Flags(info[3])); });
    return Napi::Number::New(info.Env(), static_cast<double>(length));
  });
}

Napi::Value Socket::ReceiveFrom(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&]() -> Napi::Value {
    RequireOpen("recvfrom");
    auto into = Octets(info.Env(), info[0], "into");
    SocketAddress peer;
    const ssize_t length = Try("recvfrom", [&] {
      peer.size = sizeof peer.storage;
      return recvfrom(fd_.get(), into.Data(), into.ByteLength(), Flags(info[1]) | MSG_TRUNC, peer.get(), &peer.size);
    });
    if (length == kWouldBlock) return info.Env().Undefined();
    auto result = Napi::Object::New(info.Env());
    result.Set("length", static_cast<double>(length));
    result.Set("remote", ToNode(info.Env(), peer));
    return result;
  });
}

Napi::Value Socket::ReceiveError(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Reporting(env, [&]() -> Napi::Value {
    RequireOpen("recvmsg");
    auto into = Octets(env, info[0], "into");
    SocketAddress destination;
    alignas(cmsghdr) std::array<char, 512> control;
    iovec vector{into.Data(), into.ByteLength()};
    msghdr message{};
    const ssize_t length = Try("recvmsg", [&] {
      message.msg_name = &destination.storage;
      message.msg_namelen = sizeof destination.storage;
      message.msg_iov = &vector;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      return recvmsg(fd_.get(), &message, MSG_ERRQUEUE);
    });
    if (length == kWouldBlock) return env.Undefined();
    auto result = Napi::Object::New(env);
    result.Set("length", static_cast<double>(length));
    result.Set("remote", ToNode(env, destination));
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
      const bool is_error = (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_RECVERR) ||
                            (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_RECVERR);
      if (!is_error) continue;
      sock_extended_err error;
      std::memcpy(&error, CMSG_DATA(at), sizeof error);
      result.Set("error", SystemError(static_cast<int>(error.ee_errno), "recvmsg").ToNode(env).Value());
      result.Set("origin", error.ee_origin);
      result.Set("type", error.ee_type);
      result.Set("code", error.ee_code);
      result.Set("info", error.ee_info);
      SocketAddress offender;
      offender.storage = {};
      const size_t left = at->cmsg_len - CMSG_LEN(sizeof error);
      std::memcpy(&offender.storage, CMSG_DATA(at) + sizeof error, std::min(left, sizeof offender.storage));
      result.Set("offender", ToNode(env, offender));
    }
    return result;
  });
}

void Socket::Shutdown(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("shutdown");
    const auto how = static_cast<int>(Unsigned(info.Env(), info[0], "how"));
    Retry("shutdown", "", [&] { return shutdown(fd_.get(), how); });
  });
}

void Socket::SetOption(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("setsockopt");
    SetSocketOption(fd_.get(), info);
  });
}

Napi::Value Socket::GetOption(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Reporting(env, [&] {
    RequireOpen("getsockopt");
    const auto level = static_cast<int>(Unsigned(env, info[0], "level"));
    const auto option = static_cast<int>(Unsigned(env, info[1], "option"));
    std::array<uint8_t, 512> value{};
    socklen_t size = value.size();
    Retry("getsockopt", "", [&] { return getsockopt(fd_.get(), level, option, value.data(), &size); });
    auto result = Napi::Uint8Array::New(env, size);
    std::memcpy(result.Data(), value.data(), size);
    return result;
  });
}

void Socket::SetFilter(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("setsockopt");
    AttachFilter(fd_.get(), FilterProgram(info.Env(), info[0]));
  });
}

Napi::Value Socket::LocalAddress(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("getsockname");
    return NameOfSocket(info.Env(), fd_.get(), "getsockname", getsockname);
  });
}

Napi::Value Socket::RemoteAddress(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("getpeername");
    return NameOfSocket(info.Env(), fd_.get(), "getpeername", getpeername);
  });
}

void Socket::Wait(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Reporting(env, [&] {
    RequireOpen("wait");
    const uint32_t events = Unsigned(env, info[0], "events");
    if (events == 0) return StopWaiting();
    if (!info[1].IsFunction()) throw BadArgument(env, "callback must be a function");
    callback_ = Napi::Persistent(info[1].As<Napi::Function>());
    if (!watch_) watch_.emplace(env.GetInstanceData<AddonData>()->poller, fd_.get());
    const bool armed = watch_->armed();
    watch_->Arm(events, [this](Napi::Env now, uint32_t found) {
      Unref();
      const auto callback = std::exchange(callback_, {});
      const napi_value argument = Napi::Number::New(now, found);
      // Not FunctionReference::Call, which cannot raise what a terminated worker leaves behind. From here on the socket
      // may be gone.
      napi_call_function(now, now.Undefined(), callback.Value(), 1, &argument, nullptr);
    });
    if (!armed) Ref();
  });
}

void Socket::StopWaiting() {
  if (watch_ && watch_->armed()) Unref();
  watch_.reset();
  callback_.Reset();
}

Napi::Value Socket::Detach(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("detach");
    StopWaiting();
    return Napi::Number::New(info.Env(), fd_.Release());
  });
}

void Socket::Close(const Napi::CallbackInfo&) {
  StopWaiting();
  fd_.Close();
}

}  // namespace sockinspect
