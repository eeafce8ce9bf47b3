#include "socket_option.h"

#include <linux/filter.h>

#include <cstring>
#include <vector>

#include "batch.h"

namespace sockinspect {

void SetSocketOption(int fd, const Napi::CallbackInfo& info) {
  const auto level = static_cast<int>(Unsigned(info.Env(), info[0], "level"));
  const auto option = static_cast<int>(Unsigned(info.Env(), info[1], "option"));
  if (info[2].IsNumber()) {
    SetSocketOption(fd, level, option, info[2].As<Napi::Number>().Int32Value(), "");
    return;
  }
  const auto value = Octets(info.Env(), info[2], "value");
  Retry("setsockopt", "", [&] {
    return setsockopt(fd, level, option, value.Data(), static_cast<socklen_t>(value.ByteLength()));
  });
}

Napi::Uint8Array FilterProgram(Napi::Env env, const Napi::Value& value) {
  const auto program = Octets(env, value, "filter");
  const size_t length = program.ByteLength();
  if (length == 0 || length % sizeof(sock_filter) != 0 || length / sizeof(sock_filter) > BPF_MAXINSNS) {
    throw BadArgument(env, "filter must be 1 to 4096 instructions of 8 octets");
  }
  return program;
}

void AttachFilter(int fd, const Napi::Uint8Array& program) {
  // Copied, because struct sock_filter wants an alignment that a view into a buffer need not have.
  std::vector<sock_filter> instructions(program.ByteLength() / sizeof(sock_filter));
  std::memcpy(instructions.data(), program.Data(), instructions.size() * sizeof(sock_filter));
  const sock_fprog filter{static_cast<unsigned short>(instructions.size()), instructions.data()};
  SetSocketOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, "SO_ATTACH_FILTER");
}

}  // namespace sockinspect
