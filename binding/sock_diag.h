#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sockinspect {

/// What `NativeTcpSocket` in src/socket/binding.ts describes.
struct TcpSocket {
  unsigned state;
  uint32_t receive_queue;
  uint32_t send_queue;
};

/// The TCP socket of the calling thread's network namespace between these ends, or the listener that would take a
/// connection between them, sock_diag(7). Both addresses are of one family.
std::optional<TcpSocket> FindTcpSocket(const std::string& local_address, uint16_t local_port,
                                       const std::string& remote_address, uint16_t remote_port);

}  // namespace sockinspect
