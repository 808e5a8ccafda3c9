"""When to say that something is wrong: when it lasts, again when it goes on, and when it is over."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

#: What passes within this is not worth a word: in a cold start everything does.
LASTS_SECONDS: Final = 1.0
#: Between repetitions of what is urgent.
REPEAT_SECONDS: Final = 10.0


class Word(Enum):
    """What to say."""

    WARN = auto()
    ALL_WELL = auto()


class Concern:
    """About one thing at a time, which any value but None may name."""

    def __init__(self) -> None:
        #: What was said last and not taken back, and when.
        self._said: object = None
        self._said_at = 0.0
        #: What it is now, and since when.
        self._cause: object = None
        self._since = 0.0

    def consider(self, cause: object, now: float, *, urgent: bool) -> Word | None:
        """What to say now that `cause` is wrong, or (None) nothing; `urgent` is said again and again."""
        if cause != self._cause:
            self._cause, self._since = cause, now
        if now - self._since < LASTS_SECONDS:
            return None
        repeat = urgent and cause is not None and now - self._said_at >= REPEAT_SECONDS
        if cause == self._said and not repeat:
            return None
        self._said, self._said_at = cause, now
        return Word.ALL_WELL if cause is None else Word.WARN
