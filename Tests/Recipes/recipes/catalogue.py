"""All recipes by name, in the order in which they run."""

recipes = {}


def recipe(*needs, short=False):
    """Makes a function a recipe, named as it is with dashes. It needs Debian's packages, `deb:` ones unpacked and `pypi:` ones in a folder of their own.

    `short`: one that runs with the tests."""
    def register(function):
        function.needs, function.is_short = needs, short
        recipes[function.__name__.replace("_", "-")] = function
        return function
    return register


from . import resolvers, proxies, haproxy, bind_limits, dnsdist, registries, endpoints  # noqa: E402, F401: they register themselves
