#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "fd.h"
#include "napi.h"
#include "poller.h"

namespace sockinspect {

/// The kernel's ring in this process's memory. Shared by the socket and the ArrayBuffer over it: whoever goes last
/// unmaps.
class RingMapping {
 public:
  RingMapping(int fd, size_t size);
  ~RingMapping() { Unmap(); }
  RingMapping(const RingMapping&) = delete;
  RingMapping& operator=(const RingMapping&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  void Unmap();

 private:
  uint8_t* data_;
  size_t size_;
};

/// packet(7) with a TPACKET_V3 receive ring: what `NativePacketSocket` in src/socket/binding.ts describes.
class PacketSocket : public Napi::ObjectWrap<PacketSocket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit PacketSocket(const Napi::CallbackInfo& info);

 private:
  void Open(Napi::Env env, const Napi::Object& options);
  void OpenRing(uint32_t block_size, uint32_t block_count, uint32_t block_timeout);
  void ExposeRing(Napi::Env env);
  void AddUpStatistics();
  void RequireOpen(const char* syscall) const;

  Napi::Value Ring(const Napi::CallbackInfo& info);
  Napi::Value CopyBlock(const Napi::CallbackInfo& info);
  void Wait(const Napi::CallbackInfo& info);
  void SetFilter(const Napi::CallbackInfo& info);
  Napi::Value Statistics(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value SendBatch(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Destroyed from the last to the first: the watch needs the descriptor.
  Fd fd_;
  std::shared_ptr<RingMapping> mapping_;
  Napi::Reference<Napi::ArrayBuffer> ring_;
  std::optional<Poller::Watch> watch_;
  uint32_t block_size_ = 0;
  uint32_t block_count_ = 0;
  struct {
    uint64_t received = 0;
    uint64_t dropped = 0;
    uint64_t freezes = 0;
  } totals_;
};

}  // namespace sockinspect
