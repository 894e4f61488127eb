import CLinux

/// How the C library's allocator keeps memory.
enum MemoryUse {
    /// Has large pieces, such as a registry's first reading needs for a moment, given back to the system for ever: by default the allocator
    /// raises the size from which it does so to that of the largest piece. The C function is `mallopt`.
    static func giveBackLargePieces() { _ = mallopt(M_MMAP_THRESHOLD, 128 << 10) }

    /// Has all threads share two heaps: what one of them makes others free, which leaves holes in as many heaps as there are. What answers
    /// queries over UDP does not allocate. The C function is `mallopt`.
    static func shareHeaps() { _ = mallopt(M_ARENA_MAX, 2) }
}

/// Who may look into the process.
enum ProcessMemory {
    /// Keeps the memory and the environment, which hold secrets, from other processes of the same user, such as the program that `register`
    /// starts, and out of core dumps. The C function is `prctl`.
    static func hideFromOthers() { _ = prctl_set_dumpable(0) }
}
