#pragma once

#include <unistd.h>

#include <utility>

namespace sockinspect {

/// Owns one file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Fd() { Close(); }

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }

  /// The number, which is the caller's to close from now on.
  int Release() { return std::exchange(number_, -1); }

  // EINTR is not retried: Linux has freed the number even then, and it may already be another thread's.
  void Close() {
    if (number_ >= 0) close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace sockinspect
