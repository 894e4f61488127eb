// What the C library declares only for _GNU_SOURCE, or in headers that Swift's Glibc module leaves out.
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

struct timespec;

struct mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};

extern int recvmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout);
extern int sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags);
