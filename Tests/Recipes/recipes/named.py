"""BIND with a configuration of a recipe's own, or with the example."""

import pathlib

from lab import namespaces

COMMON = 'directory "/var/cache/bind"; listen-on port 5353 { 127.0.0.1; }; listen-on-v6 { none; };'


def start(name, text):
    """A running named; `text` is its whole configuration."""
    configuration = namespaces.work / f"{name}.conf"
    configuration.write_text(text)
    namespaces.check("named-checkconf", configuration)
    return namespaces.start(name, "/usr/sbin/named", "-g", "-c", configuration)


def prepare():
    """Folders that BIND's defaults and Debian's configurations name."""
    namespaces.check("mount", "-t", "tmpfs", "tmpfs", "/var/cache/bind")
    pathlib.Path("/run/named").mkdir()


def with_example(root, text):
    """The example's configuration below the root of a recipe."""
    tag, algorithm, kind, digest = root.ds
    keys = namespaces.work / "bind.keys"
    keys.write_text(f'trust-anchors {{ . initial-ds {tag} {algorithm} {kind} "{digest}"; }};\n')
    # Where `dnssec-validation auto`, the default, reads the root's key.
    namespaces.cover("/etc/bind/bind.keys", keys)
    options = namespaces.work / "named.conf.options"
    options.write_text(text)
    return f'include "{options}";\nzone "." {{ type hint; file "{root.hints}"; }};\n'
