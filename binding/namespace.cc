#include "namespace.h"

#include <fcntl.h>
#include <sched.h>

#include "error.h"

namespace sockinspect {
namespace {

Fd OwnNamespace() {
  return Fd(Retry("open", "/proc/thread-self/ns/net",
                  [] { return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }));
}

void Enter(const Fd& network_namespace) {
  Retry("setns", "CLONE_NEWNET", [&] { return setns(network_namespace.get(), CLONE_NEWNET); });
}

/// Brings the calling thread back into the namespace that it was in.
class Return {
 public:
  // A namespace that one may leave is not always one that one may enter again: tried while nothing has happened yet.
  Return() : own_(OwnNamespace()) { Enter(own_); }
  ~Return() {
    try {
      Enter(own_);
    } catch (const SystemError&) {
      Napi::Error::Fatal("setns", "the thread cannot return to its network namespace");
    }
  }
  Return(const Return&) = delete;
  Return& operator=(const Return&) = delete;

 private:
  Fd own_;
};

}  // namespace

void EnterNewNetworkNamespace() {
  Retry("unshare", "CLONE_NEWNET", [] { return unshare(CLONE_NEWNET); });
}

Napi::Function NetworkNamespace::Define(Napi::Env env) {
  return DefineClass(env, "NetworkNamespace",
                     {
                         InstanceAccessor<&NetworkNamespace::Descriptor>("descriptor"),
                         InstanceMethod<&NetworkNamespace::Run>("run"),
                         InstanceMethod<&NetworkNamespace::Close>("close"),
                     });
}

NetworkNamespace::NetworkNamespace(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Reporting(info.Env(), [&] {
    const Return back;
    EnterNewNetworkNamespace();
    fd_ = OwnNamespace();
  });
}

Napi::Value NetworkNamespace::Descriptor(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), fd_.get());
}

Napi::Value NetworkNamespace::Run(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw BadArgument(info.Env(), "body must be a function");
  return Reporting(info.Env(), [&] {
    if (!fd_.is_open()) throw SystemError(EBADF, "setns");
    const Return back;
    Enter(fd_);
    return info[0].As<Napi::Function>().Call({});
  });
}

void NetworkNamespace::Close(const Napi::CallbackInfo&) { fd_.Close(); }

}  // namespace sockinspect
