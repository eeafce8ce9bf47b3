#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace sockinspect {

/// A network address in octets, as it is on the wire.
struct AddressOctets {
  int family;
  uint8_t octets[sizeof(in6_addr)];
  /// The device's index behind '%', RFC 4007 §11.2; 0 where there is none.
  uint32_t scope;

  size_t size() const { return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }
  /// As bind(2) and sendto(2) take it, without a port; its size.
  socklen_t To(sockaddr_storage& storage) const;
};

/// IPv4 or IPv6; SystemError EINVAL where `text` is neither, ENODEV where its zone is no device.
AddressOctets ParseAddress(const std::string& text);
/// Empty where `length` is not that of the family's addresses.
std::string AddressText(int family, const uint8_t* data, size_t length);
/// Colon-separated pairs of hex digits.
std::string HardwareAddressText(const uint8_t* data, size_t length);

}  // namespace sockinspect
