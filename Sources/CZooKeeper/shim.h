#ifndef THREADED
#define THREADED 1
#endif
#include <zookeeper/zookeeper.h>

/// Everybody may do everything. In C the list is a variable, which Swift would take for a data race.
static inline const struct ACL_vector *zoo_open_acl_unsafe(void) { return &ZOO_OPEN_ACL_UNSAFE; }
