#include "routes.h"

#include <linux/neighbour.h>

#include <cstring>

#include "address.h"
#include "error.h"
#include "netlink.h"

namespace sockinspect {
namespace {

void TakeRoute(const nlmsghdr& message, Route& route) {
  if (message.nlmsg_type != RTM_NEWROUTE || NLMSG_PAYLOAD(&message, 0) < sizeof(rtmsg)) return;
  const auto* header = static_cast<const rtmsg*>(NLMSG_DATA(&message));
  route.type = header->rtm_type;
  EachAttribute(RTM_RTA(header), RTM_PAYLOAD(&message), [&](unsigned type, const uint8_t* data, size_t length) {
    if (type == RTA_OIF) route.interface_index = static_cast<int>(AttributeNumber(data, length));
    if (type == RTA_PREFSRC) route.source = AddressText(header->rtm_family, data, length);
    if (type == RTA_GATEWAY) route.gateway = AddressText(header->rtm_family, data, length);
    // A gateway of the other family: struct rtvia
    if (type == RTA_VIA && length > sizeof(sa_family_t)) {
      sa_family_t family;
      std::memcpy(&family, data, sizeof family);
      route.gateway = AddressText(family, data + sizeof family, length - sizeof family);
    }
    if (type == RTA_METRICS) {
      EachAttribute(reinterpret_cast<const rtattr*>(data), length, [&](unsigned metric, const uint8_t* value, size_t size) {
        if (metric == RTAX_MTU) route.mtu = AttributeNumber(value, size);
      });
    }
  });
}

}  // namespace

Route RouteTo(const std::string& destination, const std::string& source, uint32_t interface_index) {
  const AddressOctets to = ParseAddress(destination);
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(to.family);
  header.rtm_dst_len = static_cast<uint8_t>(to.size() * 8);
  const uint32_t device = interface_index != 0 ? interface_index : to.scope;
  std::optional<AddressOctets> from;
  if (!source.empty()) {
    from = ParseAddress(source);
    if (from->family != to.family) throw SystemError(EAFNOSUPPORT, "netlink", "RTM_GETROUTE " + source);
    header.rtm_src_len = header.rtm_dst_len;
  }
  NetlinkRequest request(RTM_GETROUTE, NLM_F_ACK, header);
  request.Attribute(RTA_DST, to.octets, to.size());
  if (from) request.Attribute(RTA_SRC, from->octets, from->size());
  if (device != 0) request.Attribute(RTA_OIF, &device, sizeof device);
  Route route;
  Carry(std::move(request), "RTM_GETROUTE", [&](const nlmsghdr& message) { TakeRoute(message, route); });
  return route;
}

std::optional<std::string> NeighborAt(uint32_t interface_index, const std::string& address) {
  const AddressOctets parsed = ParseAddress(address);
  ndmsg header{};
  header.ndm_family = static_cast<uint8_t>(parsed.family);
  header.ndm_ifindex = static_cast<int>(interface_index);
  NetlinkRequest request(RTM_GETNEIGH, NLM_F_ACK, header);
  request.Attribute(NDA_DST, parsed.octets, parsed.size());
  std::optional<std::string> found;
  try {
    Carry(std::move(request), "RTM_GETNEIGH", [&](const nlmsghdr& message) {
      if (message.nlmsg_type != RTM_NEWNEIGH || NLMSG_PAYLOAD(&message, 0) < sizeof(ndmsg)) return;
      const auto* neighbor = static_cast<const ndmsg*>(NLMSG_DATA(&message));
      if ((neighbor->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NONE)) != 0) return;
      const auto* first = reinterpret_cast<const rtattr*>(neighbor + 1);
      EachAttribute(first, NLMSG_PAYLOAD(&message, sizeof(ndmsg)), [&](unsigned type, const uint8_t* data, size_t length) {
        if (type == NDA_LLADDR) found = HardwareAddressText(data, length);
      });
    });
  } catch (const SystemError& error) {
    if (error.number() != ENOENT) throw;
  }
  return found;
}

}  // namespace sockinspect
