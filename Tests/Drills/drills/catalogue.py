"""All drills by name, in the order in which they run."""

drills = {}


def drill(function=None, *, short=False):
    """Makes a function a drill, named as it is with dashes; `short`: one that runs with the tests."""
    def register(function):
        function.is_short = short
        drills[function.__name__.replace("_", "-")] = function
        return function
    return register(function) if function else register


from . import (  # noqa: E402, F401: they register themselves
    network, outages, registry_changes, traps, scale, clients, endings, documents, surroundings, hostile, reloads, upstreams,
    secondaries, catalogs)
