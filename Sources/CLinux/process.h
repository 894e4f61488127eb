// Starting a program: between fork and exec only what is safe there after a fork of one of many threads, which Swift cannot promise.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern int execvpe(const char *file, char *const arguments[], char *const environment[]);
extern int pipe2(int descriptors[2], int flags);

/// A program to be started.
struct program_start {
    /// A path, or a name to be found along PATH.
    const char *_Nonnull file;
    /// Its name and arguments, then NULL.
    char *_Nullable const *_Nonnull arguments;
    /// `NAME=value` each, then NULL.
    char *_Nullable const *_Nonnull environment;
    /// What it has as standard input, output and error: the same descriptor of ours, or one above all of them.
    int streams[3];
    /// The signal that it gets when the thread that starts it ends; 0 for none.
    int death_signal;
};

/// Our own environment: `NAME=value` each, then NULL.
static inline char *_Nullable *_Nullable own_environment(void) {
    extern char **environ;
    return environ;
}

/// Has all descriptors above the standard streams close at exec: those of libraries may not do so by themselves.
static inline void close_others_at_exec(void) {
    enum { system_call = 436, at_exec = 4, most_descriptors = 65536 };
    if (syscall(system_call, 3u, ~0u, at_exec) == 0) return;
    // Kernels before 5.11 have none.
    long count = sysconf(_SC_OPEN_MAX);
    if (count < 0 || count > most_descriptors) count = most_descriptors;
    for (int descriptor = 3; descriptor < count; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/// What the new process does until it is the program; returns only if it cannot be.
static inline void become_program(const struct program_start *_Nonnull start, pid_t parent) {
    setpgid(0, 0);
    // With the system call: the C library lets its own two signals be as they were inherited.
    const unsigned long by_default[4] = {0};
    for (int number = 1; number < 65; number++) syscall(SYS_rt_sigaction, number, by_default, NULL, sizeof(unsigned long));
    if (start->death_signal) {
        prctl(PR_SET_PDEATHSIG, (unsigned long)start->death_signal, 0, 0, 0);
        // It may have ended before that.
        if (getppid() != parent) raise(start->death_signal);
    }
    for (int place = 0; place < 3; place++) {
        if (start->streams[place] == place) fcntl(place, F_SETFD, 0);
        else if (dup2(start->streams[place], place) < 0) return;
    }
    close_others_at_exec();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(start->file, start->arguments, start->environment);
}

/// Starts a program in a process group of its own, with no signal blocked or ignored; its number, or -1 with `errno`. Returns once it is the
/// program, or cannot be.
static inline pid_t start_program(const struct program_start *_Nonnull start) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    const pid_t parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child == 0) {
        become_program(start, parent);
        const int reason = errno;
        (void)!write(report[1], &reason, sizeof reason);
        _exit(127);
    }
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(report[0], &reason, sizeof reason); while (count < 0 && errno == EINTR);
        close(report[0]);
        if (count != sizeof reason) return child;
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    } else {
        close(report[0]);
    }
    errno = reason;
    return -1;
}

/// Has the calling thread be of a user and a group, and no others, and have the right to bind ports below 1024 alone, now and in the program that
/// it becomes; 0, or -1 with `errno`. The C library's own functions would have every thread be so, and let rights go.
static inline int become_user(uid_t user, gid_t group) {
    enum { most_capabilities = 64, bind_service = 10, version_3 = 0x20080522 };
    struct { unsigned version; int process; } header = {version_3, 0};
    struct { unsigned effective, permitted, inheritable; } rights[2] = {{0}};
    for (int right = 0; right < most_capabilities; right++) {
        if (right != bind_service) prctl(PR_CAPBSET_DROP, right, 0, 0, 0);
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0) return -1;
    if (syscall(SYS_setresgid, group, group, group) < 0 || syscall(SYS_setresuid, user, user, user) < 0) return -1;
    rights[0].effective = rights[0].permitted = rights[0].inheritable = 1u << bind_service;
    // A container's root may not have it; then the server has no right at all.
    if (syscall(SYS_capset, &header, rights) == 0) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bind_service, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    sigset_t none;
    sigemptyset(&none);
    return pthread_sigmask(SIG_SETMASK, &none, NULL) == 0 ? 0 : -1;
}
