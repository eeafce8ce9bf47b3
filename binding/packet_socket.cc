#include "packet_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "addon.h"
#include "batch.h"
#include "error.h"
#include "socket_option.h"
#include "waiting.h"

namespace sockinspect {
namespace {

// Room in front of every frame, so that a stripped VLAN tag can be put back where it was without moving the payload.
constexpr unsigned kHeadRoom = 4;
// linux/if_packet.h; older ones do not have it.
constexpr int kPacketIgnoreOutgoing = 23;
// TPACKET_V3 packs frames of any size into a block; this one figure only has to divide it.
constexpr unsigned kFrameSize = 2048;

void RejectAll(int fd) {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &nothing};
  SetSocketOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, "SO_ATTACH_FILTER");
}

void Promiscuous(int fd, int interface_index) {
  packet_mreq request{};
  request.mr_ifindex = interface_index;
  request.mr_type = PACKET_MR_PROMISC;
  SetSocketOption(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, "PACKET_ADD_MEMBERSHIP");
}

sockaddr_ll AddressOf(uint32_t interface_index, uint16_t protocol) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = static_cast<int>(interface_index);
  return address;
}

}  // namespace

RingMapping::RingMapping(int fd, size_t size) : size_(size) {
  void* const address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) throw SystemError(errno, "mmap");
  data_ = static_cast<uint8_t*>(address);
}

void RingMapping::Unmap() {
  if (data_ != nullptr) munmap(std::exchange(data_, nullptr), size_);
}

Napi::Function PacketSocket::Define(Napi::Env env) {
  return DefineClass(env, "PacketSocket",
                     {
                         InstanceAccessor<&PacketSocket::Ring>("ring"),
                         InstanceMethod<&PacketSocket::CopyBlock>("copyBlock"),
                         InstanceMethod<&PacketSocket::Wait>("wait"),
                         InstanceMethod<&PacketSocket::SetFilter>("setFilter"),
                         InstanceMethod<&PacketSocket::Statistics>("statistics"),
                         InstanceMethod<&PacketSocket::Send>("send"),
                         InstanceMethod<&PacketSocket::SendBatch>("sendBatch"),
                         InstanceMethod<&PacketSocket::Close>("close"),
                     });
}

PacketSocket::PacketSocket(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (!info[0].IsObject()) throw BadArgument(info.Env(), "options must be an object");
  Reporting(info.Env(), [&] { Open(info.Env(), info[0].As<Napi::Object>()); });
}

void PacketSocket::Open(Napi::Env env, const Napi::Object& options) {
  const auto number = [&](const char* name) { return Unsigned(env, options.Get(name), name); };
  const uint32_t interface_index = number("interfaceIndex");
  if (interface_index > INT32_MAX) throw BadArgument(env, "interfaceIndex must be below 2147483648");
  const uint32_t block_size = number("blockSize");
  const uint32_t block_count = number("blockCount");
  const uint32_t block_timeout = number("blockTimeout");
  const bool promiscuous = options.Get("promiscuous").ToBoolean();
  const bool ignore_outgoing = options.Get("ignoreOutgoing").ToBoolean();
  const bool copy = options.Get("copy").ToBoolean();
  const auto filter = FilterProgram(env, options.Get("filter"));

  // Protocol 0 queues nothing. A socket opened for ETH_P_ALL takes every device's packets from this moment on,
  // unfiltered, and hands them out after the bind: so filter, then ring, then bind.
  fd_ = Fd(Retry("socket", "AF_PACKET", [] { return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }));
  watch_.emplace(env.GetInstanceData<AddonData>()->poller, fd_.get());
  if (block_count == 0) return;
  if (block_timeout == 0) throw BadArgument(env, "blockTimeout must be at least 1 millisecond");
  const auto fanout = options.Get("fanout");
  if (fanout.IsUndefined()) {
    AttachFilter(fd_.get(), filter);
  } else {
    RejectAll(fd_.get());
  }
  OpenRing(block_size, block_count, block_timeout);
  // Before Linux 4.20 there is no such option: the filter leaves them out, too, only later
  const int on = 1;
  if (ignore_outgoing) setsockopt(fd_.get(), SOL_PACKET, kPacketIgnoreOutgoing, &on, sizeof on);
  if (promiscuous) Promiscuous(fd_.get(), static_cast<int>(interface_index));
  const sockaddr_ll address = AddressOf(interface_index, ETH_P_ALL);
  Retry("bind", "AF_PACKET",
        [&] { return bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address); });
  if (!fanout.IsUndefined()) {
    // Only a bound socket may join, and until it has joined, everything is its own: so the filter comes last.
    SetSocketOption(fd_.get(), SOL_PACKET, PACKET_FANOUT, Unsigned(env, fanout, "fanout"), "PACKET_FANOUT");
    AttachFilter(fd_.get(), filter);
  }
  if (!copy) ExposeRing(env);
}

void PacketSocket::OpenRing(uint32_t block_size, uint32_t block_count, uint32_t block_timeout) {
  SetSocketOption(fd_.get(), SOL_PACKET, PACKET_VERSION, static_cast<int>(TPACKET_V3), "PACKET_VERSION");
  SetSocketOption(fd_.get(), SOL_PACKET, PACKET_RESERVE, kHeadRoom, "PACKET_RESERVE");
  // Without a socket that asks, the kernel stamps a packet only when it copies it into the ring: behind the copies for
  // other sockets, microseconds late. With one, it stamps on entry, once for all that capture.
  SetSocketOption(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
  tpacket_req3 request{};
  request.tp_block_size = block_size;
  request.tp_block_nr = block_count;
  request.tp_frame_size = kFrameSize;
  request.tp_frame_nr = block_size / kFrameSize * block_count;
  request.tp_retire_blk_tov = block_timeout;
  SetSocketOption(fd_.get(), SOL_PACKET, PACKET_RX_RING, request, "PACKET_RX_RING");
  mapping_ = std::make_shared<RingMapping>(fd_.get(), size_t{block_size} * block_count);
  block_size_ = block_size;
  block_count_ = block_count;
}

void PacketSocket::ExposeRing(Napi::Env env) {
  using Owner = std::shared_ptr<RingMapping>;
  auto owner = std::make_unique<Owner>(mapping_);
  const auto release = [](napi_env, void*, void* hint) { delete static_cast<Owner*>(hint); };
  napi_value buffer;
  const napi_status status =
      napi_create_external_arraybuffer(env, mapping_->data(), mapping_->size(), release, owner.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) return;
  if (status != napi_ok) throw Napi::Error::New(env);
  owner.release();
  ring_ = Napi::Persistent(Napi::ArrayBuffer(env, buffer));
}

void PacketSocket::RequireOpen(const char* syscall) const {
  if (!fd_.is_open()) throw SystemError(EBADF, syscall);
}

Napi::Value PacketSocket::Ring(const Napi::CallbackInfo& info) {
  return ring_.IsEmpty() ? info.Env().Undefined() : ring_.Value();
}

Napi::Value PacketSocket::CopyBlock(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&]() -> Napi::Value {
    RequireOpen("copyBlock");
    const uint32_t index = Unsigned(info.Env(), info[0], "index");
    if (index >= block_count_) throw BadArgument(info.Env(), "index must be that of a block of the ring");
    uint8_t* const block = mapping_->data() + size_t{index} * block_size_;
    auto& header = reinterpret_cast<tpacket_block_desc*>(block)->hdr.bh1;
    if ((__atomic_load_n(&header.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return info.Env().Undefined();
    auto copy = Napi::ArrayBuffer::New(info.Env(), std::min(header.blk_len, block_size_));
    std::memcpy(copy.Data(), block, copy.ByteLength());
    __atomic_store_n(&header.block_status, uint32_t{TP_STATUS_KERNEL}, __ATOMIC_RELEASE);
    return copy;
  });
}

void PacketSocket::Wait(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("wait");
    // The kernel's counters have 32 bits, which a fast capture fills within the hour.
    AddUpStatistics();
    WaitOnce(*this, *watch_, fd_.get(), mapping_ ? EPOLLIN : EPOLLOUT, info.Env(), info[0]);
  });
}

void PacketSocket::SetFilter(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen("setFilter");
    AttachFilter(fd_.get(), FilterProgram(info.Env(), info[0]));
  });
}

void PacketSocket::AddUpStatistics() {
  // Reading resets them; tp_packets includes tp_drops.
  tpacket_stats_v3 since{};
  socklen_t size = sizeof since;
  Retry("getsockopt", "PACKET_STATISTICS",
        [&] { return getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &since, &size); });
  totals_.received += since.tp_packets;
  totals_.dropped += since.tp_drops;
  totals_.freezes += since.tp_freeze_q_cnt;
}

Napi::Value PacketSocket::Statistics(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    if (fd_.is_open()) AddUpStatistics();
    auto result = Napi::Object::New(info.Env());
    result.Set("received", static_cast<double>(totals_.received));
    result.Set("dropped", static_cast<double>(totals_.dropped));
    result.Set("freezes", static_cast<double>(totals_.freezes));
    return result;
  });
}

Napi::Value PacketSocket::Send(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen("sendto");
    const auto frame = Octets(info.Env(), info[0], "frame");
    const sockaddr_ll address = AddressOf(Unsigned(info.Env(), info[1], "interfaceIndex"), 0);
    const ssize_t sent = Retry("sendto", "AF_PACKET", [&] {
      return sendto(fd_.get(), frame.Data(), frame.ByteLength(), 0, reinterpret_cast<const sockaddr*>(&address),
                    sizeof address);
    });
    return Napi::Number::New(info.Env(), static_cast<double>(sent));
  });
}

Napi::Value PacketSocket::SendBatch(const Napi::CallbackInfo& info) {
  const Batch batch(info.Env(), info[0], info[1], info[2]);
  sockaddr_ll address = AddressOf(Unsigned(info.Env(), info[3], "interfaceIndex"), 0);
  return Reporting(info.Env(), [&] {
    RequireOpen("sendmmsg");
    const size_t taken = batch.Send(fd_.get(), "AF_PACKET", [&](msghdr& message, size_t) {
      message.msg_name = &address;
      message.msg_namelen = sizeof address;
    });
    return Napi::Number::New(info.Env(), static_cast<double>(taken));
  });
}

void PacketSocket::Close(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    if (!fd_.is_open()) return;
    AddUpStatistics();
    if (watch_ && watch_->armed()) Unref();
    watch_.reset();
    if (mapping_ && !ring_.IsEmpty()) {
      auto ring = ring_.Value();
      // A buffer that is detached already was transferred: its memory is another ArrayBuffer's now, which unmaps it
      // when it goes.
      if (!ring.IsDetached()) {
        ring.Detach();
        mapping_->Unmap();
      }
    }
    mapping_.reset();
    fd_.Close();
  });
}

}  // namespace sockinspect
