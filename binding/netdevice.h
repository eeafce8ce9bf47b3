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
void CreateVethPair(const std::string& name, const std::string& peer);

}  // namespace sockinspect
