#include "poll.h"

#include <sys/epoll.h>

#include <array>

#include "addon.h"
#include "error.h"
#include "waiting.h"

namespace sockinspect {
namespace {

// How many are told at once. Measured: more gain nothing.
constexpr size_t kReady = 256;

}  // namespace

Napi::Function Poll::Define(Napi::Env env) {
  return DefineClass(env, "Poll",
                     {
                         InstanceAccessor<&Poll::Ready>("ready"),
                         InstanceMethod<&Poll::Add>("add"),
                         InstanceMethod<&Poll::Change>("change"),
                         InstanceMethod<&Poll::Remove>("remove"),
                         InstanceMethod<&Poll::Collect>("collect"),
                         InstanceMethod<&Poll::Wait>("wait"),
                         InstanceMethod<&Poll::Close>("close"),
                     });
}

Poll::Poll(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Reporting(info.Env(), [&] {
    epoll_ = Fd(Retry("epoll_create1", "", [] { return epoll_create1(EPOLL_CLOEXEC); }));
    ready_ = Napi::Persistent(Napi::Int32Array::New(info.Env(), kReady));
    const auto& poller = info.Env().GetInstanceData<AddonData>()->poller;
    poller->Start();
    watch_.emplace(poller, epoll_.get());
  });
}

void Poll::RequireOpen() const {
  if (!epoll_.is_open()) throw SystemError(EBADF, "epoll_ctl");
}

Napi::Value Poll::Ready(const Napi::CallbackInfo&) { return ready_.Value(); }

void Poll::Control(const Napi::CallbackInfo& info, int operation) {
  Reporting(info.Env(), [&] {
    RequireOpen();
    const auto fd = static_cast<int>(Unsigned(info.Env(), info[0], "fd"));
    epoll_event event{};
    event.data.fd = fd;
    if (operation != EPOLL_CTL_DEL) event.events = Unsigned(info.Env(), info[1], "events");
    Retry("epoll_ctl", "", [&] { return epoll_ctl(epoll_.get(), operation, fd, &event); });
  });
}

void Poll::Add(const Napi::CallbackInfo& info) { Control(info, EPOLL_CTL_ADD); }

void Poll::Change(const Napi::CallbackInfo& info) { Control(info, EPOLL_CTL_MOD); }

void Poll::Remove(const Napi::CallbackInfo& info) { Control(info, EPOLL_CTL_DEL); }

Napi::Value Poll::Collect(const Napi::CallbackInfo& info) {
  return Reporting(info.Env(), [&] {
    RequireOpen();
    std::array<epoll_event, kReady> events;
    const int count = Retry("epoll_wait", "", [&] { return epoll_wait(epoll_.get(), events.data(), kReady, 0); });
    int32_t* const ready = ready_.Value().Data();
    for (int at = 0; at < count; at++) ready[at] = events[static_cast<size_t>(at)].data.fd;
    return Napi::Number::New(info.Env(), count);
  });
}

void Poll::Wait(const Napi::CallbackInfo& info) {
  Reporting(info.Env(), [&] {
    RequireOpen();
    WaitOnce(*this, *watch_, epoll_.get(), EPOLLIN, info.Env(), info[0]);
  });
}

void Poll::Close(const Napi::CallbackInfo&) {
  if (watch_ && watch_->armed()) Unref();
  watch_.reset();
  epoll_.Close();
}

}  // namespace sockinspect
