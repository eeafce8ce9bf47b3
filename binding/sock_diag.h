#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sockinspect {

/// The state of the TCP socket of the calling thread's network namespace between these ends, or of the listener that would
/// take a connection between them, sock_diag(7). Both addresses are of one family.
std::optional<unsigned> FindTcpState(const std::string& local_address, uint16_t local_port,
                                     const std::string& remote_address, uint16_t remote_port);

}  // namespace sockinspect
