#pragma once

namespace sockinspect {

/// unshare(2) with CLONE_NEWNET: of the calling thread alone, which is why a threaded process may.
void EnterNewNetworkNamespace();

}  // namespace sockinspect
