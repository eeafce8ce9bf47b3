#include "socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <string>

#include "address.h"
#include "error.h"

namespace sockinspect {
namespace {

constexpr size_t kMappedAt = sizeof(in6_addr) - sizeof(in_addr);

std::string Zone(uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  if (index == 0) return {};
  return "%" + (if_indextoname(index, name.data()) ? std::string(name.data()) : std::to_string(index));
}

}  // namespace

SocketAddress SocketAddressFrom(Napi::Env env, int family, const Napi::Value& address, const Napi::Value& port) {
  const std::string text = Text(env, address, "address");
  const uint32_t number = Unsigned(env, port, "port");
  if (number > UINT16_MAX) throw BadArgument(env, "port must be a whole number from 0 to 65535");

  AddressOctets parsed = ParseAddress(text);
  if (parsed.family == AF_INET6 && family == AF_INET) throw SystemError(EAFNOSUPPORT, "inet_pton", text);
  if (parsed.family == AF_INET && family == AF_INET6) {
    AddressOctets mapped{};
    mapped.family = AF_INET6;
    mapped.octets[kMappedAt - 1] = mapped.octets[kMappedAt - 2] = 0xff;
    std::memcpy(&mapped.octets[kMappedAt], parsed.octets, sizeof(in_addr));
    parsed = mapped;
  }
  SocketAddress result;
  result.size = parsed.To(result.storage);
  // The port is at the same place in both families
  reinterpret_cast<sockaddr_in&>(result.storage).sin_port = htons(static_cast<uint16_t>(number));
  return result;
}

Napi::Value ToNode(Napi::Env env, const SocketAddress& from) {
  std::string text;
  bool is_ipv4 = true;
  if (from.storage.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(from.storage);
    text = AddressText(AF_INET, reinterpret_cast<const uint8_t*>(&ipv4.sin_addr), sizeof ipv4.sin_addr);
  } else if (from.storage.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(from.storage);
    const uint8_t* octets = ipv6.sin6_addr.s6_addr;
    is_ipv4 = IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr);
    text = is_ipv4 ? AddressText(AF_INET, octets + kMappedAt, sizeof(in_addr))
                   : AddressText(AF_INET6, octets, sizeof(in6_addr)) + Zone(ipv6.sin6_scope_id);
  } else {
    return env.Undefined();
  }
  auto to = Napi::Object::New(env);
  to.Set("address", text);
  to.Set("port", ntohs(reinterpret_cast<const sockaddr_in&>(from.storage).sin_port));
  to.Set("family", is_ipv4 ? 4 : 6);
  return to;
}

}  // namespace sockinspect
