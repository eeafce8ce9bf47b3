#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "fd.h"
#include "napi.h"

namespace sockinspect {

/// One epoll thread an environment, begun with the first wait. It only says that a descriptor is ready; every system
/// call on the descriptor, and every method here, is the environment's own thread's. (A thread of our own instead of
/// uv_poll, so that no libuv symbol is needed.)
class Poller : public std::enable_shared_from_this<Poller> {
 public:
  /// `events` is what epoll_wait(2) reported.
  using Callback = std::function<void(Napi::Env env, uint32_t events)>;

  /// One descriptor's place in the poller. It must go before the descriptor is closed.
  class Watch {
   public:
    Watch(std::shared_ptr<Poller> poller, int fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Calls back once, as soon as one of `events`, an error or a hang-up is there; keeps the event loop alive until
    /// then. An exception out of the callback is the process's uncaught exception.
    void Arm(uint32_t events, Callback callback);
    bool armed() const { return callback_ != nullptr; }

   private:
    friend class Poller;

    std::shared_ptr<Poller> poller_;
    int fd_;
    uint64_t token_;
    bool registered_ = false;
    Callback callback_;
  };

  explicit Poller(Napi::Env env) : env_(env) {}
  ~Poller() { Stop(); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Takes the descriptors and the thread that waiting needs, at the latest with the first wait: who waits for many
  /// sockets must not find then that they have taken the last descriptor.
  void Start();

 private:
  struct Ready {
    uint64_t token;
    uint32_t events;
  };

  void Stop();
  void Run();
  void Dispatch(Napi::Env env);
  void HoldLoop();
  void ReleaseLoop();

  Napi::Env env_;
  Fd epoll_;
  Fd wake_;
  napi_threadsafe_function deliver_ = nullptr;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<Ready> ready_;  // guarded by mutex_
  std::unordered_map<uint64_t, Watch*> watches_;
  uint64_t next_token_ = 1;  // 0 is the wake-up's; a descriptor number would be taken over by its next owner
  size_t armed_ = 0;
};

}  // namespace sockinspect
