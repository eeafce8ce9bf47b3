#include "capabilities.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "error.h"
#include "fd.h"

// Capabilities belong to threads, and there is no call that drops them in all threads, unlike setuid(), which glibc
// broadcasts by a signal of its own. So the same is done here: a handler for that signal, and the signal sent to each
// thread. It must be glibc's (SIGSETXID), because Node's threads block every other one, and because glibc's own calls
// refuse to touch it, everything about it is done by raw system calls.

namespace sockinspect {
namespace {

constexpr int kBroadcastSignal = 33;
constexpr std::chrono::seconds kPatience{5};

/// What rt_sigaction(2) itself takes: x86-64 and arm64 alike.
struct KernelSignalAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

std::atomic<int> failure{0};

// Async-signal-safe: system calls and lock-free atomics only. Not instrumented, because the signal reaches the thread
// sanitizer's own thread too.
[[gnu::no_sanitize_thread]] int DropInThisThread() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  if (syscall(SYS_capset, &header, none) != 0) return errno;
  if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return 0;
}

[[gnu::no_sanitize_thread]] void Follow(int) {
  const int interrupted = errno;
  if (const int number = DropInThisThread(); number != 0) failure.store(number);
  errno = interrupted;
}

KernelSignalAction Exchange(int signal, const KernelSignalAction* action) {
  KernelSignalAction former{};
  Retry("rt_sigaction", "", [&] { return syscall(SYS_rt_sigaction, signal, action, &former, sizeof former.mask); });
  return former;
}

// x86-64 needs a function that returns from the handler, which libc keeps to itself: let it install a handler for a
// signal that is ignored anyway, and look.
KernelSignalAction BroadcastAction() {
  struct sigaction ours {};
  struct sigaction former {};
  ours.sa_handler = [](int) {};
  ours.sa_flags = SA_RESTART;
  sigaction(SIGURG, &ours, &former);
  KernelSignalAction action = Exchange(SIGURG, nullptr);
  sigaction(SIGURG, &former, nullptr);
  action.handler = Follow;
  return action;
}

// Empty when the thread has ended. Any other failure must not pass for "has none".
std::string StatusOf(const std::string& thread) {
  const std::string path = "/proc/self/task/" + thread + "/status";
  std::string text;
  try {
    const Fd file(Retry("open", path.c_str(), [&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
    std::array<char, 4096> part;
    for (;;) {
      const auto size = Retry("read", path.c_str(), [&] { return read(file.get(), part.data(), part.size()); });
      if (size == 0) return text;
      text.append(part.data(), static_cast<size_t>(size));
    }
  } catch (const SystemError& error) {
    if (error.number() == ENOENT || error.number() == ESRCH) return {};
    throw;
  }
}

// The text of one field of /proc/*/status, proc(5).
std::string Field(const std::string& status, const std::string& name) {
  const std::string before = "\n" + name + ":\t";
  const size_t found = status.find(before);
  if (found == std::string::npos) return {};
  const size_t at = found + before.size();
  return status.substr(at, status.find('\n', at) - at);
}

bool HasPrivileges(const std::string& thread) {
  const std::string status = StatusOf(thread);
  if (status.empty()) return false;
  for (const char* name : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    if (Field(status, name).find_first_not_of('0') != std::string::npos) return true;
  }
  return Field(status, "NoNewPrivs") != "1";
}

std::vector<pid_t> ThreadsWithPrivileges() {
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir("/proc/self/task"), closedir);
  if (!tasks) throw SystemError(errno, "opendir", "/proc/self/task");
  std::vector<pid_t> found;
  while (const dirent* task = readdir(tasks.get())) {
    const pid_t thread = atoi(task->d_name);
    if (thread != 0 && HasPrivileges(task->d_name)) found.push_back(thread);
  }
  return found;
}

// What /proc says decides, not the count of signals sent: a thread may end before it gets its own, or begin, with its
// creator's privileges, while the others are being told.
void Broadcast() {
  std::set<pid_t> told;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto threads = ThreadsWithPrivileges();
    if (failure.load() != 0) throw SystemError(failure.load(), "capset", "in another thread");
    if (threads.empty()) return;
    if (std::chrono::steady_clock::now() > deadline) {
      throw SystemError(ETIMEDOUT, "tgkill", "thread " + std::to_string(threads.front()) + " kept its capabilities");
    }
    for (const pid_t thread : threads) {
      if (told.insert(thread).second) syscall(SYS_tgkill, getpid(), thread, kBroadcastSignal);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace

void DropCapabilities() {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (const int number = DropInThisThread(); number != 0) throw SystemError(number, "capset");
  failure.store(0);
  const KernelSignalAction action = BroadcastAction();
  const KernelSignalAction former = Exchange(kBroadcastSignal, &action);
  // Not restored when a thread did not follow: its signal is still to come, and would end the process.
  Broadcast();
  Exchange(kBroadcastSignal, &former);
}

}  // namespace sockinspect
