// Tells Thread Sanitizer what it cannot see of Synchronization.Mutex: a thread that has to wait locks, and one that is waited for unlocks,
// inside Swift's library, which is not instrumented. Without this all that a contended mutex guards is reported as a race.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))

// Null in programs without the sanitizer, such as those that the tests start.
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void Lock(uint32_t, CONTEXT void *);
typedef SWIFT void Unlock(CONTEXT void *);

/// `_MutexHandle._lockSlow(_:)`.
SWIFT void lock(uint32_t thread, CONTEXT void *mutex) __asm__(LOCK);
SWIFT void lock(uint32_t thread, CONTEXT void *mutex) {
    ((Lock *)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

/// `_MutexHandle._unlockSlow()`.
SWIFT void unlock(CONTEXT void *mutex) __asm__(UNLOCK);
SWIFT void unlock(CONTEXT void *mutex) {
    if (__tsan_release) __tsan_release(mutex);
    ((Unlock *)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
