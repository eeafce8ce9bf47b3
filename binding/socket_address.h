#pragma once

#include <sys/socket.h>

#include "napi.h"

namespace sockinspect {

/// An IPv4 or IPv6 address with its port, as the calls of socket(7) take and give it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// `address` is numeric, an IPv6 one perhaps with a zone ("fe80::1%eth0"); `port` is 0 to 65535, BadArgument otherwise.
/// `family` is the socket's: for AF_INET6 an IPv4 address becomes an IPv4-mapped one, RFC 4291 §2.5.5.2; SystemError
/// EAFNOSUPPORT for an IPv6 address and AF_INET.
SocketAddress SocketAddressFrom(Napi::Env env, int family, const Napi::Value& address, const Napi::Value& port);

/// `{ address, port, family: 4 | 6 }`, an IPv4-mapped address as the IPv4 one it stands for; undefined where there is
/// none.
Napi::Value ToNode(Napi::Env env, const SocketAddress& from);

}  // namespace sockinspect
