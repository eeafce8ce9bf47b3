#include "error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <system_error>

namespace sockinspect {
namespace {

struct Name {
  int number;
  std::string_view code;
};

// strerrorname_np() would raise the oldest loadable glibc to 2.32. These are what sockets, netlink, epoll, mmap and
// namespaces are documented to give.
constexpr std::array kNames = {
    Name{EACCES, "EACCES"},
    Name{EADDRINUSE, "EADDRINUSE"},
    Name{EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    Name{EAFNOSUPPORT, "EAFNOSUPPORT"},
    Name{EAGAIN, "EAGAIN"},
    Name{EALREADY, "EALREADY"},
    Name{EBADF, "EBADF"},
    Name{EBADMSG, "EBADMSG"},
    Name{EBUSY, "EBUSY"},
    Name{ECONNABORTED, "ECONNABORTED"},
    Name{ECONNREFUSED, "ECONNREFUSED"},
    Name{ECONNRESET, "ECONNRESET"},
    Name{EDESTADDRREQ, "EDESTADDRREQ"},
    Name{EEXIST, "EEXIST"},
    Name{EFAULT, "EFAULT"},
    Name{EHOSTDOWN, "EHOSTDOWN"},
    Name{EHOSTUNREACH, "EHOSTUNREACH"},
    Name{EINPROGRESS, "EINPROGRESS"},
    Name{EINTR, "EINTR"},
    Name{EINVAL, "EINVAL"},
    Name{EIO, "EIO"},
    Name{EISCONN, "EISCONN"},
    Name{EMFILE, "EMFILE"},
    Name{EMSGSIZE, "EMSGSIZE"},
    Name{ENAMETOOLONG, "ENAMETOOLONG"},
    Name{ENETDOWN, "ENETDOWN"},
    Name{ENETRESET, "ENETRESET"},
    Name{ENETUNREACH, "ENETUNREACH"},
    Name{ENFILE, "ENFILE"},
    Name{ENOBUFS, "ENOBUFS"},
    Name{ENODEV, "ENODEV"},
    Name{ENOENT, "ENOENT"},
    Name{ENOMEM, "ENOMEM"},
    Name{ENOPROTOOPT, "ENOPROTOOPT"},
    Name{ENOSPC, "ENOSPC"},
    Name{ENOSYS, "ENOSYS"},
    Name{ENOTCONN, "ENOTCONN"},
    Name{ENOTSOCK, "ENOTSOCK"},
    Name{ENXIO, "ENXIO"},
    Name{EOPNOTSUPP, "EOPNOTSUPP"},
    Name{EPERM, "EPERM"},
    Name{EPIPE, "EPIPE"},
    Name{EPROTO, "EPROTO"},
    Name{EPROTONOSUPPORT, "EPROTONOSUPPORT"},
    Name{EPROTOTYPE, "EPROTOTYPE"},
    Name{ERANGE, "ERANGE"},
    Name{ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"},
    Name{ESRCH, "ESRCH"},
    Name{ETIMEDOUT, "ETIMEDOUT"},
    Name{EUSERS, "EUSERS"},
};

std::string CodeOf(int number) {
  const auto found = std::ranges::find(kNames, number, &Name::number);
  return found == kNames.end() ? "Unknown system error " + std::to_string(-number) : std::string(found->code);
}

}  // namespace

Napi::Error SystemError::ToNode(Napi::Env env) const {
  const std::string code = CodeOf(number_);
  const std::string on = detail_.empty() ? "" : " " + detail_;
  auto error = Napi::Error::New(env, code + ": " + std::generic_category().message(number_) + ", " + syscall_ + on);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, -number_));
  error.Set("syscall", Napi::String::New(env, syscall_));
  return error;
}

Napi::TypeError BadArgument(Napi::Env env, const std::string& message) {
  auto error = Napi::TypeError::New(env, message);
  error.Set("code", Napi::String::New(env, "ERR_INVALID_ARG_VALUE"));
  return error;
}

uint32_t Unsigned(Napi::Env env, const Napi::Value& value, const char* name) {
  double number;
  const bool is_number = napi_get_value_double(env, value, &number) == napi_ok;
  if (is_number && number >= 0 && number <= UINT32_MAX && number == std::floor(number)) {
    return static_cast<uint32_t>(number);
  }
  throw BadArgument(env, std::string(name) + " must be a whole number from 0 to 4294967295");
}

std::string Text(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw BadArgument(env, std::string(name) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

}  // namespace sockinspect
