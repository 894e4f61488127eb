// How long each UDP worker of zoodns stands still: preloaded, it measures from the end of one recvmmsg to the end of the next, less what the
// worker slept because no packet came. What is left is time on a processor, time in which the thread could run and the kernel ran another,
// and time in which it was blocked, or the machine under this one stood still.
//
// At the program's end each worker adds a line of JSON to the file that GAPS_FILE names: how many batches, the median, the 99.9th percentile
// and the greatest gap, the three parts of the greatest, then the greatest gap without what the kernel made of it; all in microseconds.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PARTS = 8, BUCKETS = 64 * PARTS };  // eight buckets for each power of two: a percentile is right within an eighth

struct moment {
    uint64_t time, running, waiting;  // nanoseconds: of the clock, on a processor, runnable without one
};
struct gap {
    uint64_t all, running, waiting;
};
struct worker {
    struct worker *next;
    struct moment last;
    struct gap greatest;
    uint64_t own, batches, counts[BUCKETS];
    int statistics;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct worker *workers;
static __thread struct worker *own;

static uint64_t clock_now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static struct moment now(const struct worker *worker) {
    char text[128] = "";
    struct moment moment = {0};
    if (pread(worker->statistics, text, sizeof text - 1, 0) > 0) {
        char *end = text;
        strtoull(text, &end, 10);
        moment.waiting = strtoull(end, NULL, 10);
    }
    moment.running = clock_now(CLOCK_THREAD_CPUTIME_ID);
    moment.time = clock_now(CLOCK_MONOTONIC);
    return moment;
}

static struct worker *begin(void) {
    struct worker *worker = calloc(1, sizeof *worker);
    worker->statistics = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    pthread_mutex_lock(&mutex);
    worker->next = workers, workers = worker;
    pthread_mutex_unlock(&mutex);
    return worker;
}

static unsigned bucket(uint64_t value) {
    if (value < PARTS) return (unsigned)value;
    unsigned shift = 60 - (unsigned)__builtin_clzll(value);
    return (shift + 1) * PARTS + (unsigned)(value >> shift & (PARTS - 1));
}

static uint64_t least(unsigned bucket) {
    return bucket < PARTS ? bucket : (uint64_t)(PARTS + bucket % PARTS) << (bucket / PARTS - 1);
}

static void note(struct worker *worker, struct moment before, struct moment after) {
    struct moment last = worker->last;
    worker->last = after;
    if (!last.time) return;
    uint64_t inside = after.time - before.time, active = after.running - before.running + after.waiting - before.waiting;
    uint64_t slept = inside > active ? inside - active : 0;
    struct gap gap = {after.time - last.time - slept, after.running - last.running, after.waiting - last.waiting};
    worker->batches++;
    worker->counts[bucket(gap.all)]++;
    if (gap.all > worker->greatest.all) worker->greatest = gap;
    if (gap.all > gap.waiting && gap.all - gap.waiting > worker->own) worker->own = gap.all - gap.waiting;
}

int recvmmsg(int descriptor, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
    static int (*real)(int, struct mmsghdr *, unsigned, int, struct timespec *);
    if (!real) real = (int (*)(int, struct mmsghdr *, unsigned, int, struct timespec *))dlsym(RTLD_NEXT, "recvmmsg");
    if (!own) own = begin();
    struct moment before = now(own);
    int received = real(descriptor, messages, count, flags, timeout);
    note(own, before, now(own));
    return received;
}

static double percentile(const struct worker *worker, double part) {
    uint64_t left = (uint64_t)(part * (double)worker->batches);
    unsigned index = 0;
    while (index < BUCKETS - 1 && worker->counts[index] <= left) left -= worker->counts[index++];
    return (double)least(index) / 1e3;
}

__attribute__((destructor)) static void print(void) {
    const char *path = getenv("GAPS_FILE");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    for (struct worker *worker = workers; worker; worker = worker->next) {
        struct gap gap = worker->greatest;
        uint64_t active = gap.running + gap.waiting;
        fprintf(file, "{\"batches\": %lu, \"median\": %.1f, \"p99.9\": %.1f, \"greatest\": %.1f, "
                "\"running\": %.1f, \"waiting\": %.1f, \"blocked\": %.1f, \"own\": %.1f}\n",
                worker->batches, percentile(worker, 0.5), percentile(worker, 0.999), (double)gap.all / 1e3, (double)gap.running / 1e3,
                (double)gap.waiting / 1e3, (double)(gap.all > active ? gap.all - active : 0) / 1e3, (double)worker->own / 1e3);
    }
    fclose(file);
}
