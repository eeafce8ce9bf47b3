#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace sockinspect {

/// One rtnetlink(7) message under construction: a header, a family's fixed part, then attributes, which may nest.
class NetlinkRequest {
 public:
  template <typename Fixed>
  NetlinkRequest(uint16_t type, uint16_t flags, const Fixed& fixed) {
    const nlmsghdr header{0, type, static_cast<uint16_t>(NLM_F_REQUEST | flags), 1, 0};
    Append(&header, sizeof header);
    Append(&fixed, sizeof fixed);
  }

  void Attribute(uint16_t type, const void* data, size_t length);
  /// With its terminating zero.
  void Attribute(uint16_t type, std::string_view text);
  /// What `inside` adds becomes the attribute's value.
  void Nested(uint16_t type, const std::function<void()>& inside);
  /// Octets as they are, aligned: the fixed part of a nested message.
  void Append(const void* data, size_t length);

  /// The finished message.
  const std::vector<uint8_t>& Finish();

 private:
  std::vector<uint8_t> octets_;
};

/// Sends a request that asks for NLM_F_ACK and waits until the kernel says that it was carried out; SystemError with
/// `what` otherwise. What it says before is `take`n.
void Carry(NetlinkRequest request, const char* what, const std::function<void(const nlmsghdr&)>& take = {},
           int protocol = NETLINK_ROUTE);

/// Every message of a dump, `take`n one by one. False when the kernel's tables changed meanwhile, so that what was
/// taken may be inconsistent (NLM_F_DUMP_INTR).
bool Dump(NetlinkRequest request, const char* what, const std::function<void(const nlmsghdr&)>& take);

/// An attribute's value as a number in host byte order; 0 where it is too short.
uint32_t AttributeNumber(const uint8_t* data, size_t length);

/// Each attribute from `first` within `length` octets.
template <typename Take>
void EachAttribute(const rtattr* first, size_t length, Take take) {
  auto left = static_cast<int>(length);
  for (const rtattr* at = first; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    take(at->rta_type, static_cast<const uint8_t*>(RTA_DATA(at)), RTA_PAYLOAD(at));
  }
}

}  // namespace sockinspect
