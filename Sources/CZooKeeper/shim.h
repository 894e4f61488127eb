#ifndef THREADED
#define THREADED 1
#endif
#include <zookeeper/zookeeper.h>

// Mutable globals in C, which Swift 6 will not read; these read them for it.
static inline const struct ACL_vector *zookeeper_open_acl_unsafe(void) { return &ZOO_OPEN_ACL_UNSAFE; }
