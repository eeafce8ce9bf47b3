#include "poller.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <array>
#include <system_error>

#include "error.h"

namespace sockinspect {
namespace {

// Signals are the main thread's. (glibc keeps its own two deliverable in any case; see capabilities.cc.) On Linux
// sigprocmask() is the thread's own; pthread_sigmask() would raise the oldest loadable glibc to 2.32.
std::thread StartWithoutSignals(std::function<void()> run) {
  sigset_t all;
  sigset_t former;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &former);
  try {
    std::thread thread(std::move(run));
    sigprocmask(SIG_SETMASK, &former, nullptr);
    return thread;
  } catch (const std::system_error& error) {
    sigprocmask(SIG_SETMASK, &former, nullptr);
    throw SystemError(error.code().value(), "pthread_create");
  }
}

void ReportUncaught(napi_env env) {
  napi_value exception = nullptr;
  bool pending = false;
  // Neither succeeds while a worker is being terminated; then there is nobody left to tell.
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

}  // namespace

Poller::Watch::Watch(std::shared_ptr<Poller> poller, int fd)
    : poller_(std::move(poller)), fd_(fd), token_(poller_->next_token_++) {
  poller_->watches_.emplace(token_, this);
}

Poller::Watch::~Watch() {
  if (registered_) epoll_ctl(poller_->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  if (armed()) poller_->ReleaseLoop();
  poller_->watches_.erase(token_);
}

void Poller::Watch::Arm(uint32_t events, Callback callback) {
  poller_->Start();
  epoll_event event{};
  event.events = events | EPOLLONESHOT;
  event.data.u64 = token_;
  const int operation = registered_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  Retry("epoll_ctl", "", [&] { return epoll_ctl(poller_->epoll_.get(), operation, fd_, &event); });
  registered_ = true;
  if (!armed()) poller_->HoldLoop();
  callback_ = std::move(callback);
}

void Poller::Start() {
  if (thread_.joinable()) return;
  epoll_ = Fd(Retry("epoll_create1", "", [] { return epoll_create1(EPOLL_CLOEXEC); }));
  wake_ = Fd(Retry("eventfd", "", [] { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }));
  epoll_event event{};
  event.events = EPOLLIN;
  Retry("epoll_ctl", "", [&] { return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event); });

  const auto dispatch = [](napi_env env, napi_value, void* context, void*) {
    if (env != nullptr) static_cast<Poller*>(context)->Dispatch(env);
  };
  const auto name = Napi::String::New(env_, "sockinspect");
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, dispatch,
                                      &deliver_) != napi_ok) {
    throw Napi::Error::New(env_);
  }
  napi_unref_threadsafe_function(env_, deliver_);
  try {
    thread_ = StartWithoutSignals([this] { Run(); });
  } catch (...) {
    napi_release_threadsafe_function(deliver_, napi_tsfn_abort);
    throw;
  }
  // Hooks run last in, first out: this one before Node takes down the thread-safe function that the thread uses.
  napi_add_env_cleanup_hook(
      env_, [](void* poller) { static_cast<Poller*>(poller)->Stop(); }, this);
}

void Poller::Stop() {
  if (!thread_.joinable()) return;
  eventfd_write(wake_.get(), 1);
  thread_.join();
  napi_release_threadsafe_function(deliver_, napi_tsfn_abort);
}

void Poller::Run() {
  prctl(PR_SET_NAME, "sockinspect");
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (count < 0) continue;  // EINTR is the only error there is with good arguments
    bool first;
    {
      const std::lock_guard lock(mutex_);
      first = ready_.empty();
      for (int at = 0; at < count; at++) {
        if (events[at].data.u64 == 0) return;
        ready_.push_back({events[at].data.u64, events[at].events});
      }
    }
    // Whatever is added before the event loop gets there is dispatched by the same call.
    if (first) napi_call_threadsafe_function(deliver_, nullptr, napi_tsfn_nonblocking);
  }
}

void Poller::Dispatch(Napi::Env env) {
  // A callback may close any socket, so that nothing but the map says which watches still are.
  const auto self = shared_from_this();
  std::vector<Ready> ready;
  {
    const std::lock_guard lock(mutex_);
    ready.swap(ready_);
  }
  for (const auto [token, events] : ready) {
    const auto found = watches_.find(token);
    if (found == watches_.end() || !found->second->armed()) continue;
    const Callback callback = std::exchange(found->second->callback_, nullptr);
    ReleaseLoop();
    const Napi::HandleScope scope(env);
    try {
      callback(env, events);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    }
    ReportUncaught(env);
  }
}

void Poller::HoldLoop() {
  if (armed_++ == 0) napi_ref_threadsafe_function(env_, deliver_);
}

void Poller::ReleaseLoop() {
  if (--armed_ == 0 && thread_.joinable()) napi_unref_threadsafe_function(env_, deliver_);
}

}  // namespace sockinspect
