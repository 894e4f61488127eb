"""Runs recipes, each in namespaces of its own, and says what came of them."""

import argparse
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import time

from lab import namespaces

from .catalogue import recipes
from .stage import Stage, Unfit

# Several at once, as they wait most of the time; ZooKeeper takes a core while it starts.
AT_ONCE = 3
running = set()


def main():
    listing = "\n".join(f"  {name:16} {'*' if recipe.is_short else ' '} {recipe.__doc__.splitlines()[0]}" for name, recipe in recipes.items())
    parser = argparse.ArgumentParser(
        prog="Tests/Recipes/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs real programs with the files of examples/resolvers and examples/clients; without names, all; `short`: those with a star, "
        "of whose scenarios only two providers and one more.",
        epilog=f"recipes:\n{listing}")
    parser.add_argument("--zoodns", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--brief", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="recipes to run")
    options = parser.parse_args()
    names = options.names or list(recipes)
    if names == ["short"]:
        names, options.brief = [name for name, recipe in recipes.items() if recipe.is_short], True
    if unknown := [name for name in names if name not in recipes]:
        parser.error(f"no such recipe: {', '.join(unknown)}")
    if options.needs:
        print("\n".join(sorted({need for name in names for need in recipes[name].needs})))
    elif options.inside:
        run_inside(options, names[0])
    else:
        run_all(options, names)


def run_inside(options, name):
    """Runs one recipe in namespaces that go with it."""
    namespaces.enter()
    try:
        recipes[name](Stage(options.zoodns, options.cache, options.brief))
    except Unfit as reason:
        print(f"left out: {reason}")
        sys.exit(2)


def run(options, name):
    """Runs a recipe; its row of the summary, and its exit code."""
    began = time.monotonic()
    command = [sys.executable, "-B", "-m", "recipes", "--inside", "--zoodns", options.zoodns, "--cache", options.cache, name]
    if options.brief:
        command.append("--brief")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    running.add(process)
    output, _ = process.communicate()
    verdict = {0: "passed", 2: "left out"}.get(process.returncode, "FAILED")
    seconds = time.monotonic() - began
    print(f"==> {name}\n" + "".join(f"    {line}\n" for line in output.splitlines()) + f"    {verdict} after {seconds:.0f} s", flush=True)
    return f"{name:16} {verdict:8} {seconds:6.1f} s", process.returncode


def run_all(options, names):
    """Runs several recipes at once; ends the program."""
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, interrupt)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(lambda name: run(options, name), names))
    print("\n" + "\n".join(text for text, _ in rows))
    failed = sum(code not in (0, 2) for _, code in rows)
    print(f"{failed} of {len(rows)} recipes failed" if failed else "no recipe failed")
    sys.exit(1 if failed else 0)


def interrupt(*_):
    """Ends the recipes that run: with the first process of its namespaces ends all that is in them."""
    for process in running:
        process.kill()
    sys.stdout.flush()
    os._exit(1)


main()
