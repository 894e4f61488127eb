"""Runs drills and says what came of them."""
import argparse
import collections
import logging
import pathlib
import signal
import sys
import time
import traceback

from lab import machine

from . import catalogue, promises
from .scene import Scene


def main():
    # So that what runs is ended, and what was made on the machine taken away.
    for number in ENDS:
        signal.signal(number, interrupt)
    # kazoo's words on what drills do on purpose.
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    drills = catalogue.drills
    listing = "\n".join(f"  {name:24} {'*' if drill.is_short else ' '} {drill.__doc__.splitlines()[0]}" for name, drill in drills.items())
    parser = argparse.ArgumentParser(
        prog="Tests/Drills/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Breaks things on purpose while a prober checks every answer; without names, all drills; `short`: those with a star.",
        epilog=f"drills:\n{listing}\n\nwhat happens, and what is answered then:\n{promises.text()}")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=1, metavar="N", help="how often to run them, one after another")
    parser.add_argument(
        "--minutes", type=float, default=0.5, metavar="N", help="how long a drill lasts that has no end of its own (default: 0.5)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="drills to run")
    options = parser.parse_args()
    names = options.names or list(drills)
    if names == ["short"]:
        names = [name for name, drill in drills.items() if drill.is_short]
    if unknown := [name for name in names if name not in drills]:
        parser.error(f"no such drill: {', '.join(unknown)}")
    if options.check:
        return
    rows = [run(options, name, drills[name]) for _ in range(options.times) for name in names]
    print(f"\n{'drill':26} {'':8} {'seconds':>8} {'a second':>9} {'without right':>14} {'stale':>7} {'wrong':>6} {'none':>5}")
    for row in rows:
        print(row.text)
    failed = sum(not row.has_passed for row in rows)
    print(f"{failed} of {len(rows)} drills failed" if failed else f"all {len(rows)} drills passed")
    sys.exit(1 if failed else 0)


ENDS = signal.SIGINT, signal.SIGTERM


def interrupt(*_):
    """Once: a second signal must not end what ends the rest."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class Row:
    def __init__(self, name, has_passed, seconds, probers):
        self.has_passed = has_passed
        verdict = "passed" if has_passed else "FAILED"
        self.text = f"{name:26} {verdict:8} {seconds:8.1f}"
        if probers:
            counts = sum((prober.verdicts for prober in probers), collections.Counter())
            rate = sum(prober.sent for prober in probers) / max(sum(prober.ended - prober.started for prober in probers), 0.1)
            longest = max(prober.longest for prober in probers)
            self.text += f" {rate:9.0f} {longest:12.2f} s {counts['stale']:7} {counts['wrong']:6} {counts['none']:5}"


def run(options, name, drill):
    print(f"==> {name}: {drill.__doc__.splitlines()[0]}", flush=True)
    began = time.monotonic()
    with machine.folder() as where:
        scene = Scene(options.tools, where, options.minutes)
        try:
            drill(scene)
        except (Exception, SystemExit):  # noqa: what waits for a process ends the program.
            traceback.print_exc(limit=4)
            scene.failures.append("the drill itself failed")
        finally:
            try:
                has_passed = scene.close()
            except Exception:
                traceback.print_exc(limit=4)
                has_passed = False
        if not has_passed:
            print("    zoodns said last:\n" + "".join(f"      {line}\n" for line in (scene.server and scene.log() or "").splitlines()[-12:]))
    print(f"    {'passed' if has_passed else 'FAILED'}", flush=True)
    return Row(name, has_passed, time.monotonic() - began, scene.probers)


try:
    main()
except KeyboardInterrupt:
    sys.exit("interrupted")
