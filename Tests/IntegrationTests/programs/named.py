"""BIND with a configuration of a test's own, or with the example."""

import pathlib

import scene

COMMON = 'directory "/var/cache/bind"; listen-on port 5353 { 127.0.0.1; }; listen-on-v6 { none; };'


class Named:
    """A running named; `text` is its whole configuration."""

    def __init__(self, name, text):
        configuration = scene.work / f"{name}.conf"
        configuration.write_text(text)
        scene.check("named-checkconf", configuration)
        self.process = scene.start(name, "/usr/sbin/named", "-g", "-c", configuration)

    def stop(self):
        scene.stop(self.process)


def prepare():
    """Folders that BIND's defaults and Debian's configurations name."""
    scene.check("mount", "-t", "tmpfs", "tmpfs", "/var/cache/bind")
    pathlib.Path("/run/named").mkdir()


def with_example(root, text=None):
    """The example as it stands, or with changes, below the root of a test."""
    tag, algorithm, kind, digest = root.ds
    keys = scene.work / "bind.keys"
    keys.write_text(f'trust-anchors {{ . initial-ds {tag} {algorithm} {kind} "{digest}"; }};\n')
    # Where `dnssec-validation auto`, the default, reads the root's key.
    scene.cover("/etc/bind/bind.keys", keys)
    options = scene.work / "named.conf.options"
    options.write_text(text or (scene.examples / "resolvers/bind.conf").read_text())
    return f'include "{options}";\nzone "." {{ type hint; file "{root.hints}"; }};\n'
