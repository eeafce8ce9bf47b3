#include "netlink.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "error.h"
#include "fd.h"

namespace sockinspect {
namespace {

Fd OpenNetlink(int protocol = NETLINK_ROUTE) {
  return Fd(Retry("socket", "AF_NETLINK", [&] { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol); }));
}

void SendRequest(const Fd& netlink, NetlinkRequest& request, const char* what) {
  const auto& octets = request.Finish();
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  Retry("sendto", what, [&] {
    return sendto(netlink.get(), octets.data(), octets.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                  sizeof kernel);
  });
}

std::vector<uint8_t> Receive(const Fd& netlink, const char* what) {
  // A message of a device with many virtual functions is larger than any fixed buffer: look at its size first.
  const ssize_t size = Retry("recv", what, [&] { return recv(netlink.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC); });
  std::vector<uint8_t> octets(static_cast<size_t>(size));
  Retry("recv", what, [&] { return recv(netlink.get(), octets.data(), octets.size(), 0); });
  return octets;
}

// Messages until the one that ends the answer; `take` gets the others.
template <typename Take>
void Answer(const Fd& netlink, const char* what, Take take) {
  for (;;) {
    const auto octets = Receive(netlink, what);
    auto left = static_cast<unsigned>(octets.size());
    for (auto* message = reinterpret_cast<const nlmsghdr*>(octets.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
        // Both begin with a negative errno, or 0.
        int error = 0;
        if (NLMSG_PAYLOAD(message, 0) >= sizeof error) std::memcpy(&error, NLMSG_DATA(message), sizeof error);
        if (error != 0) throw SystemError(-error, "netlink", what);
        if (message->nlmsg_type == NLMSG_DONE) take(*message);
        return;
      }
      take(*message);
    }
  }
}

}  // namespace

uint32_t AttributeNumber(const uint8_t* data, size_t length) {
  uint32_t number = 0;
  if (length >= sizeof number) std::memcpy(&number, data, sizeof number);
  return number;
}

void NetlinkRequest::Append(const void* data, size_t length) {
  const auto* octets = static_cast<const uint8_t*>(data);
  octets_.insert(octets_.end(), octets, octets + length);
  octets_.resize(NLMSG_ALIGN(octets_.size()));
}

void NetlinkRequest::Attribute(uint16_t type, const void* data, size_t length) {
  const rtattr header{static_cast<uint16_t>(RTA_LENGTH(length)), type};
  Append(&header, sizeof header);
  Append(data, length);
}

void NetlinkRequest::Attribute(uint16_t type, std::string_view text) {
  std::vector<char> terminated(text.begin(), text.end());
  terminated.push_back('\0');
  Attribute(type, terminated.data(), terminated.size());
}

void NetlinkRequest::Nested(uint16_t type, const std::function<void()>& inside) {
  const size_t start = octets_.size();
  Attribute(type, nullptr, 0);
  inside();
  const auto length = static_cast<uint16_t>(octets_.size() - start);
  std::memcpy(octets_.data() + start + offsetof(rtattr, rta_len), &length, sizeof length);
}

const std::vector<uint8_t>& NetlinkRequest::Finish() {
  const auto length = static_cast<uint32_t>(octets_.size());
  std::memcpy(octets_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  return octets_;
}

void Carry(NetlinkRequest request, const char* what, const std::function<void(const nlmsghdr&)>& take, int protocol) {
  const Fd netlink = OpenNetlink(protocol);
  SendRequest(netlink, request, what);
  Answer(netlink, what, [&](const nlmsghdr& message) {
    if (take) take(message);
  });
}

bool Dump(NetlinkRequest request, const char* what, const std::function<void(const nlmsghdr&)>& take) {
  const Fd netlink = OpenNetlink();
  SendRequest(netlink, request, what);
  bool consistent = true;
  Answer(netlink, what, [&](const nlmsghdr& message) {
    if ((message.nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
    if (message.nlmsg_type != NLMSG_DONE) take(message);
  });
  return consistent;
}

}  // namespace sockinspect
