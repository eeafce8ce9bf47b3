#pragma once

namespace sockinspect {

/// Empties the effective, permitted, inheritable and ambient capability sets of every thread of the process and sets
/// no_new_privs (prctl(2)), so that no program started later gets any back. Throws SystemError when a thread did not
/// follow: then some have dropped theirs and some have not, and the process had better end.
void DropCapabilities();

}  // namespace sockinspect
