"""Show the configuration that commands go by, and where it comes from."""

from __future__ import annotations

import argparse

import msgspec

from actors.cli.mesos.configuration import configuration_of
from actors.cli.mesos.output import pretty, wants_json


def configure(_parser: argparse.ArgumentParser) -> None:
    """It takes nothing of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    found = configuration_of(arguments)
    if wants_json(arguments):
        print(pretty(msgspec.json.encode(found)))
    else:
        print(f"file     {found.file or 'none'}")
        print(f"master   {found.master} (by {found.master_from})")
        print(f"timeout  {found.timeout_seconds:g} seconds")
    return 0
