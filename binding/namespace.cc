#include "namespace.h"

#include <sched.h>

#include "error.h"

namespace sockinspect {

void EnterNewNetworkNamespace() {
  Retry("unshare", "CLONE_NEWNET", [] { return unshare(CLONE_NEWNET); });
}

}  // namespace sockinspect
