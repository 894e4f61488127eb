#ifndef THREADED
#define THREADED 1
#endif
#include <zookeeper/zookeeper.h>

// The C client's own lists of this kind are variables, which Swift would take for a data race.

/// Anyone may do anything.
static inline const struct ACL_vector *zoo_open_acl_unsafe(void) { return &ZOO_OPEN_ACL_UNSAFE; }

/// The session's own users may do anything (`auth`, ZOO_PERM_ALL); anyone may read (`world`, ZOO_PERM_READ) if `readable_by_world`.
static inline const struct ACL_vector *zoo_creator_acl(int readable_by_world) {
    static struct ACL entries[] = {{0x1f, {"auth", ""}}, {0x01, {"world", "anyone"}}};
    static const struct ACL_vector alone = {1, entries}, readable = {2, entries};
    return readable_by_world ? &readable : &alone;
}
