#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sockinspect {

struct Address {
  std::string text;
  unsigned prefix_length;
};

struct Interface {
  int index;
  std::string name;
  unsigned hardware_type;
  std::string hardware_address;
  uint32_t mtu;
  uint32_t flags;
  std::vector<Address> addresses;
};

/// Every network device of the calling thread's network namespace, ordered by index. By netlink, because
/// /sys/class/net shows the namespace of whoever mounted it.
std::vector<Interface> Interfaces();
void SetInterfaceUp(const std::string& name);
/// IPv6 without duplicate address detection: the address can be used at once.
void AddAddress(const std::string& name, const std::string& address, unsigned prefix_length);
/// `peer` is made in the network namespace that a descriptor stands for, or, without one (-1), where `name` is.
void CreateVethPair(const std::string& name, const std::string& peer, int peer_namespace = -1);
/// Octets of the largest packet that the device takes, its link-layer header apart.
void SetMtu(const std::string& name, uint32_t mtu);
/// Lets IPv4 packets that come in by this device go on by others: the namespace is a router then.
void SetForwarding(const std::string& name);
/// A route to a prefix by way of a gateway on a network that is reached already; prefix length 0 is the default route.
void AddRoute(const std::string& destination, unsigned prefix_length, const std::string& gateway);
/// ethtool(8)'s tx, rx, sg, tso, gso and gro, off: packets leave with their checksums, and as large as they travel.
void DisableOffloads(const std::string& name);

}  // namespace sockinspect
