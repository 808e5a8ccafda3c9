"""Arguments of commands: argparse, with one clear line for a mistake."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")


class UsageError(Exception):
    """A command given wrongly; the text names the argument and the rule."""


class CommandError(Exception):
    """A command that could not be carried out; the text says what stood in the way."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise UsageError(f"{message.removeprefix('argument ')} ({self.prog} --help tells more)")


def typed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """An argument's type whose ValueError tells the user the rule."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read
