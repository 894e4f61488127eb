"""What the tests of programs share: the namespaces of Tests/Lab."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Lab"))
from lab.namespaces import (  # noqa: E402, F401
    EXAMPLES as examples, check, comes_true, cover, dig, enter, fail, register, run, serve, start, stop, wait_for, work, zookeeper)
