#include "netdevice.h"

#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cstring>
#include <map>
#include <optional>

#include "address.h"
#include "error.h"
#include "fd.h"
#include "netlink.h"

namespace sockinspect {
namespace {

// A dump is interrupted when a device or address comes or goes meanwhile: many times in a row only if something is
// very wrong.
constexpr int kDumpAttempts = 64;

std::string Terminated(const uint8_t* data, size_t length) {
  const auto* text = reinterpret_cast<const char*>(data);
  return std::string(text, strnlen(text, length));
}

void TakeLink(const nlmsghdr& message, std::map<int, Interface>& interfaces) {
  if (message.nlmsg_type != RTM_NEWLINK || NLMSG_PAYLOAD(&message, 0) < sizeof(ifinfomsg)) return;
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
  Interface& found = interfaces[link->ifi_index];
  found.index = link->ifi_index;
  found.hardware_type = link->ifi_type;
  found.flags = link->ifi_flags;
  EachAttribute(IFLA_RTA(link), IFLA_PAYLOAD(&message), [&](unsigned type, const uint8_t* data, size_t length) {
    if (type == IFLA_IFNAME) found.name = Terminated(data, length);
    if (type == IFLA_MTU) found.mtu = AttributeNumber(data, length);
    if (type == IFLA_ADDRESS) found.hardware_address = HardwareAddressText(data, length);
  });
}

void TakeAddress(const nlmsghdr& message, std::map<int, Interface>& interfaces) {
  if (message.nlmsg_type != RTM_NEWADDR || NLMSG_PAYLOAD(&message, 0) < sizeof(ifaddrmsg)) return;
  const auto* header = static_cast<const ifaddrmsg*>(NLMSG_DATA(&message));
  const auto found = interfaces.find(static_cast<int>(header->ifa_index));
  if (found == interfaces.end() || (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)) return;
  std::string local;
  std::string address;
  EachAttribute(IFA_RTA(header), IFA_PAYLOAD(&message), [&](unsigned type, const uint8_t* data, size_t length) {
    if (type == IFA_LOCAL) local = AddressText(header->ifa_family, data, length);
    if (type == IFA_ADDRESS) address = AddressText(header->ifa_family, data, length);
  });
  // On a point-to-point device IFA_ADDRESS is the far end's, and IFA_LOCAL is ours; IPv6 mostly has the former only.
  found->second.addresses.push_back({local.empty() ? address : local, header->ifa_prefixlen});
}

std::optional<std::vector<Interface>> InterfacesOnce() {
  std::map<int, Interface> found;
  const uint32_t without_counters = RTEXT_FILTER_SKIP_STATS;
  NetlinkRequest links(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
  links.Attribute(IFLA_EXT_MASK, &without_counters, sizeof without_counters);
  const bool links_consistent =
      Dump(std::move(links), "RTM_GETLINK", [&](const nlmsghdr& message) { TakeLink(message, found); });
  const bool addresses_consistent = Dump(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}), "RTM_GETADDR",
                                         [&](const nlmsghdr& message) { TakeAddress(message, found); });
  if (!links_consistent || !addresses_consistent) return std::nullopt;
  std::vector<Interface> ordered;
  for (auto& [index, each] : found) ordered.push_back(std::move(each));
  return ordered;
}

int IndexOf(const std::string& name) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) throw SystemError(errno, "if_nametoindex", name.c_str());
  return static_cast<int>(index);
}

}  // namespace

std::vector<Interface> Interfaces() {
  for (int attempt = 0; attempt < kDumpAttempts; attempt++) {
    if (auto found = InterfacesOnce()) return *std::move(found);
  }
  throw SystemError(EBUSY, "netlink", "RTM_GETLINK: the devices keep changing");
}

void SetInterfaceUp(const std::string& name) {
  ifinfomsg link{};
  link.ifi_index = IndexOf(name);
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  Carry(NetlinkRequest(RTM_NEWLINK, NLM_F_ACK, link), "RTM_NEWLINK");
}

void AddAddress(const std::string& name, const std::string& address, unsigned prefix_length) {
  const AddressOctets parsed = ParseAddress(address);
  if (prefix_length > parsed.size() * 8) throw SystemError(EINVAL, "netlink", "RTM_NEWADDR: prefix length");

  ifaddrmsg header{};
  header.ifa_family = static_cast<uint8_t>(parsed.family);
  header.ifa_prefixlen = static_cast<uint8_t>(prefix_length);
  header.ifa_flags = parsed.family == AF_INET6 ? IFA_F_NODAD : 0;
  header.ifa_index = static_cast<uint32_t>(IndexOf(name));
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, header);
  request.Attribute(IFA_LOCAL, parsed.octets, parsed.size());
  request.Attribute(IFA_ADDRESS, parsed.octets, parsed.size());
  Carry(std::move(request), "RTM_NEWADDR");
}

void CreateVethPair(const std::string& name, const std::string& peer, int peer_namespace) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, ifinfomsg{});
  request.Attribute(IFLA_IFNAME, name);
  request.Nested(IFLA_LINKINFO, [&] {
    request.Attribute(IFLA_INFO_KIND, "veth");
    request.Nested(IFLA_INFO_DATA, [&] {
      request.Nested(VETH_INFO_PEER, [&] {
        const ifinfomsg fixed{};
        request.Append(&fixed, sizeof fixed);
        request.Attribute(IFLA_IFNAME, peer);
        if (peer_namespace >= 0) request.Attribute(IFLA_NET_NS_FD, &peer_namespace, sizeof peer_namespace);
      });
    });
  });
  Carry(std::move(request), "RTM_NEWLINK");
}

void SetMtu(const std::string& name, uint32_t mtu) {
  ifinfomsg link{};
  link.ifi_index = IndexOf(name);
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK, link);
  request.Attribute(IFLA_MTU, &mtu, sizeof mtu);
  Carry(std::move(request), "RTM_NEWLINK: MTU");
}

void SetForwarding(const std::string& name) {
  ifinfomsg link{};
  link.ifi_index = IndexOf(name);
  const uint32_t on = 1;
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK, link);
  request.Nested(IFLA_AF_SPEC, [&] {
    request.Nested(AF_INET, [&] {
      request.Nested(IFLA_INET_CONF, [&] { request.Attribute(IPV4_DEVCONF_FORWARDING, &on, sizeof on); });
    });
  });
  Carry(std::move(request), "RTM_NEWLINK: forwarding");
}

void AddRoute(const std::string& destination, unsigned prefix_length, const std::string& gateway) {
  const AddressOctets to = ParseAddress(destination);
  const AddressOctets by = ParseAddress(gateway);
  if (prefix_length > to.size() * 8) throw SystemError(EINVAL, "netlink", "RTM_NEWROUTE: prefix length");
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(to.family);
  header.rtm_dst_len = static_cast<uint8_t>(prefix_length);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, header);
  if (prefix_length > 0) request.Attribute(RTA_DST, to.octets, to.size());
  request.Attribute(RTA_GATEWAY, by.octets, by.size());
  Carry(std::move(request), "RTM_NEWROUTE");
}

void DisableOffloads(const std::string& name) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) throw SystemError(ENODEV, "ioctl", name);
  std::memcpy(request.ifr_name, name.data(), name.size());
  const Fd any(Retry("socket", "AF_INET", [] { return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }));
  // Checksums go last: with them the kernel takes along what depends on them.
  for (const uint32_t command : {ETHTOOL_SGRO, ETHTOOL_SGSO, ETHTOOL_STSO, ETHTOOL_SSG, ETHTOOL_SRXCSUM, ETHTOOL_STXCSUM}) {
    ethtool_value value{command, 0};
    request.ifr_data = reinterpret_cast<char*>(&value);
    Retry("ioctl", "SIOCETHTOOL", [&] { return ioctl(any.get(), SIOCETHTOOL, &request); });
  }
}

}  // namespace sockinspect
