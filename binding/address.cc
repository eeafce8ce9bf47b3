#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <array>
#include <cstring>
#include <string_view>

#include "error.h"

namespace sockinspect {

socklen_t AddressOctets::To(sockaddr_storage& storage) const {
  storage = {};
  storage.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    std::memcpy(&reinterpret_cast<sockaddr_in&>(storage).sin_addr, octets, sizeof(in_addr));
    return sizeof(sockaddr_in);
  }
  auto& address = reinterpret_cast<sockaddr_in6&>(storage);
  std::memcpy(&address.sin6_addr, octets, sizeof(in6_addr));
  address.sin6_scope_id = scope;
  return sizeof(sockaddr_in6);
}

AddressOctets ParseAddress(const std::string& text) {
  AddressOctets address{};
  address.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const size_t zone = address.family == AF_INET6 ? text.find('%') : std::string::npos;
  if (inet_pton(address.family, text.substr(0, zone).c_str(), address.octets) != 1) {
    throw SystemError(EINVAL, "inet_pton", text);
  }
  if (zone != std::string::npos) {
    address.scope = if_nametoindex(text.c_str() + zone + 1);
    if (address.scope == 0) throw SystemError(errno, "if_nametoindex", text.substr(zone + 1));
  }
  return address;
}

std::string AddressText(int family, const uint8_t* data, size_t length) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (length != (family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr))) return {};
  inet_ntop(family, data, text.data(), text.size());
  return text.data();
}

std::string HardwareAddressText(const uint8_t* data, size_t length) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (size_t at = 0; at < length; at++) {
    if (at > 0) text += ':';
    text += digits[data[at] >> 4];
    text += digits[data[at] & 15];
  }
  return text;
}

}  // namespace sockinspect
