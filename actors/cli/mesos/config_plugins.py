"""Show the plugins that the configuration names; Pion's command has none."""

from __future__ import annotations

import argparse

import msgspec

from actors.cli.mesos.configuration import configuration_of
from actors.cli.mesos.output import pretty, wants_json


def configure(_parser: argparse.ArgumentParser) -> None:
    """It takes nothing of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    plugins = configuration_of(arguments).plugins
    if wants_json(arguments):
        print(pretty(msgspec.json.encode(plugins)))
    else:
        print("\n".join(f"{plugin} (not loaded)" for plugin in plugins) or "There are no plugins.")
    return 0
