"""How long the UDP workers of a server stood still between batches, and why; tools/gaps.c measures it."""
import json


def prefix(tools, where):
    """What stands before a server's command so that its gaps are measured."""
    return ["env", f"LD_PRELOAD={tools / 'gaps.so'}", f"GAPS_FILE={where / 'gaps'}"]


def of(where):
    """The gaps of each worker of a server that has ended, in microseconds."""
    return [json.loads(line) for line in (where / "gaps").read_text().splitlines()]


def text(gaps):
    """What a worker's gaps were, in one line."""
    return (
        f"gaps between batches: median {gaps['median']:.0f} µs, 99.9th percentile {gaps['p99.9']:.0f} µs, greatest {gaps['greatest'] / 1e3:.1f} ms: "
        f"{gaps['running'] / 1e3:.1f} ms running, {gaps['waiting'] / 1e3:.1f} ms runnable and not run, {gaps['blocked'] / 1e3:.1f} ms blocked; "
        f"without what the kernel made of them at most {gaps['own'] / 1e3:.1f} ms")
