"""Chooses what to measure."""
import argparse
import pathlib
import subprocess

from . import drops, forward, instructions, observed, propagate, queries, registry, scale, sync


def number(text):
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("a number above 0")
    return value


def main():
    parser = argparse.ArgumentParser(prog="Tests/Benchmarks/run", description="Measures zoodns beside others; without a command, all of it.")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command")

    def add(name, what, **defaults):
        command = commands.add_parser(name, help=what)
        for option, default in defaults.items():
            if option == "mix":
                command.add_argument("--mix", action="append", choices=queries.MIXES + (instructions.NEW_MIXES if name == "instructions" else []))
            elif option == "format":
                command.add_argument("--format", choices=registry.FORMS, default=default)
            else:
                command.add_argument(f"--{option}", type=type(default) if isinstance(default, int) else number, default=default)

    add("queries", "cost of a query, beside NSD, Knot and the floor", rounds=5, seconds=2.0, mix=None)
    add("instructions", "instructions in user space a query", mix=None)
    add("observed", "cost of a query with a query log, with dnstap and with all of it, beside without", rounds=3, seconds=1.0, mix=None)
    add("guarded", "cost of a query with guards and with forwarding, beside without", rounds=3, seconds=1.0, mix=None)
    add("forward", "a name outside the zones through zoodns, beside its server asked directly", rounds=3, seconds=2.0)
    add("scale", "cost of a query with many services, beside few", few=100, many=100_000, rounds=5, seconds=2.0)
    add("compile", "cost of a zone, and of one change to it, by size")
    add("sync", "time to a whole registry, beside a bare reader; memory a provider", rounds=3, format="providers")
    add("propagate", "time from create() to an answer, beside a kazoo watcher", count=1000)
    add("drops", "queries without an answer while services change", seconds=10.0, changes=100)
    options = parser.parse_args()
    for command in [options.command] if options.command else list(commands.choices):
        values = options if options.command else parser.parse_args(["--tools", str(options.tools), command])
        print(f"==> {command}", flush=True)
        measure(command, values)


def measure(command, values):
    tools = values.tools
    if command == "queries":
        queries.run(tools, values.rounds, values.seconds, values.mix or queries.MIXES)
    elif command == "instructions":
        instructions.run(tools, values.mix or queries.MIXES + instructions.NEW_MIXES)
    elif command == "observed":
        observed.run(tools, values.rounds, values.seconds, values.mix or ["a", "mixed"], observed.RECORDED)
    elif command == "guarded":
        observed.run(tools, values.rounds, values.seconds, values.mix or ["a", "mixed"], observed.GUARDED)
    elif command == "forward":
        forward.run(tools, values.rounds, values.seconds)
    elif command == "scale":
        scale.run(tools, values.few, values.many, values.rounds, values.seconds)
    elif command == "compile":
        subprocess.run([tools / "ZoneBenchmark"], check=True)
    elif command == "sync":
        sync.run(tools, [10_000, 100_000], values.rounds, values.format)
    elif command == "propagate":
        propagate.run(tools, values.count)
    elif command == "drops":
        drops.run(tools, values.seconds, values.changes)


main()
