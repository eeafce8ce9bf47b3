#pragma once

#include <memory>

#include "poller.h"

namespace sockinspect {

/// What one environment (the main thread's or a worker's) has of its own.
struct AddonData {
  std::shared_ptr<Poller> poller;
};

}  // namespace sockinspect
