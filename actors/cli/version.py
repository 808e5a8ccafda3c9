"""Tell the version of Pion."""

from __future__ import annotations

import argparse
import platform

from actors import __version__


def configure(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Print it, with the Python that runs it."""
    print(f"pion {__version__} (Python {platform.python_version()}, {platform.system()})")
    return 0
