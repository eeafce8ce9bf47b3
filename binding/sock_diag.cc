#include "sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "address.h"
#include "error.h"
#include "netlink.h"

namespace sockinspect {

std::optional<unsigned> FindTcpState(const std::string& local_address, uint16_t local_port,
                                     const std::string& remote_address, uint16_t remote_port) {
  const AddressOctets local = ParseAddress(local_address);
  const AddressOctets remote = ParseAddress(remote_address);
  if (local.family != remote.family) throw SystemError(EAFNOSUPPORT, "sock_diag", remote_address);
  inet_diag_req_v2 wanted{};
  wanted.sdiag_family = static_cast<uint8_t>(local.family);
  wanted.sdiag_protocol = IPPROTO_TCP;
  wanted.id.idiag_sport = htons(local_port);
  wanted.id.idiag_dport = htons(remote_port);
  std::memcpy(wanted.id.idiag_src, local.octets, local.size());
  std::memcpy(wanted.id.idiag_dst, remote.octets, remote.size());
  wanted.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  wanted.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  std::optional<unsigned> found;
  try {
    Carry(
        NetlinkRequest(SOCK_DIAG_BY_FAMILY, NLM_F_ACK, wanted), "SOCK_DIAG_BY_FAMILY",
        [&](const nlmsghdr& message) {
          if (message.nlmsg_type != SOCK_DIAG_BY_FAMILY || NLMSG_PAYLOAD(&message, 0) < sizeof(inet_diag_msg)) return;
          found = static_cast<const inet_diag_msg*>(NLMSG_DATA(&message))->idiag_state;
        },
        NETLINK_SOCK_DIAG);
  } catch (const SystemError& error) {
    if (error.number() != ENOENT) throw;
  }
  return found;
}

}  // namespace sockinspect
