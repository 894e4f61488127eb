// What the C library declares only for _GNU_SOURCE, or in headers that Swift's Glibc module leaves out.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct timespec;

struct mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};

/// prctl takes a varying number of arguments, which Swift cannot pass.
static inline int prctl_set_dumpable(unsigned long is_dumpable) { return prctl(PR_SET_DUMPABLE, is_dumpable, 0, 0, 0); }

/// Has a signal ignored. The C library refuses that for the two real-time signals that it keeps for itself, which end the program all the same.
static inline long ignore_signal(int number) {
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } action = { (void *)SIG_IGN, 0, 0, 0 };
    return syscall(SYS_rt_sigaction, number, &action, (void *)0, sizeof action.mask);
}

/// How many processors the process may run on; 0 if that cannot be found out.
static inline int count_allowed_processors(void) {
    unsigned long mask[128] = { 0 };
    long octets = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long index = 0; index < octets / (long)sizeof *mask; index++) count += __builtin_popcountl(mask[index]);
    return count;
}

/// Has the scheduler give the calling thread, and the threads that it starts, slices of so many nanoseconds, or of its own choice for 0. A thread
/// that wakes takes the place of one with a longer slice at once, and has no larger share by it. A wish: Linux has it since 6.12.
static inline void set_thread_slice(unsigned long long nanoseconds) {
    struct {
        unsigned int size, policy;
        unsigned long long flags;
        int nice;
        unsigned int priority;
        unsigned long long runtime, deadline, period;
    } attributes = { 0 };
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    attributes.runtime = nanoseconds;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

extern int recvmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout);
extern int sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags);
