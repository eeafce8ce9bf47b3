#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sockinspect {

/// What the routing table says of a destination.
struct Route {
  /// RTN_…, rtnetlink(7): 1 unicast, 2 local, 3 broadcast, 5 multicast.
  unsigned type = 0;
  int interface_index = 0;
  /// The address that packets of ours would come from; empty where the kernel names none.
  std::string source;
  /// Empty where the destination is on the link.
  std::string gateway;
  /// Octets; 0 where the device's counts.
  uint32_t mtu = 0;
};

/// The route that the kernel would take; `source` may be empty, `interface_index` 0. SystemError ENETUNREACH,
/// EHOSTUNREACH, EACCES or EINVAL where there is none.
Route RouteTo(const std::string& destination, const std::string& source, uint32_t interface_index);

/// The hardware address of a neighbour that the kernel knows to be there.
std::optional<std::string> NeighborAt(uint32_t interface_index, const std::string& address);

}  // namespace sockinspect
