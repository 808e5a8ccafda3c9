"""How the values of a trace are put into words: short, on one line, and harmless to a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from actors.trace.merge import Step

#: A turn, or a wait in a mailbox, is worth a word from this length on.
WORTH_TELLING_SECONDS = 0.001

#: What a message says, or where an actor lives, is not cut to less than this.
_LEAST_CELLS = 6

_BARE = re.compile(r"[^\s,=\"'\[\]{}()]+")
_SIGNALS = frozenset({"Fired", "Exited", "Initialize"})


def label(step: Step) -> str:
    """What the message is called: its type, or what happened in the case of a signal."""
    if step.type == "Fired":
        return f"timer {_word(step.fields.get('timer', ''))}".rstrip()
    if step.type == "Exited":
        return f"exited {_word(step.fields.get('pid', ''))}".rstrip()
    return "initialize" if step.type == "Initialize" else printable(step.type)


def details(step: Step) -> str:
    """What became of the message, if that is remarkable, and what it says."""
    return " · ".join(filter(None, (*_remarks(step), _said(step))))


def sentence(step: Step, cells: int | None = None) -> str:
    """`Type(name=value, …)` and what became of the message, if that is remarkable.

    With `cells`, what it says is cut so that the remarks have room too.
    """
    name, said, remarks = label(step), _said(step), "  ".join(_remarks(step))
    if cells is not None:
        said = elide(said, max(_LEAST_CELLS, cells - width(name) - width(remarks) - 4), "…")
    return "  ".join(filter(None, (f"{name}({said})" if said else name, remarks)))


def describe(fields: Mapping[str, Any]) -> str:
    """`name=value, …` of a message's fields."""
    return ", ".join(f"{_word(name)}={_value(value)}" for name, value in fields.items())


def duration(seconds: float) -> str:
    """A length of time with three digits and the unit that suits it."""
    for limit, factor, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.4g} s"


def moment(seconds: float) -> str:
    """A time of day, in UTC to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="milliseconds")[:-6] + " UTC"


def printable(text: str) -> str:
    """`text` without what would move the cursor or change colours."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def letter_width(letter: str) -> int:
    """Cells that one character takes in a terminal: 0, 1 or 2."""
    if letter.isascii():
        return 1
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def width(text: str) -> int:
    """Cells that `text` takes in a terminal."""
    return len(text) if text.isascii() else sum(map(letter_width, text))


def elide(text: str, cells: int, ellipsis: str) -> str:
    """`text` cut so that it takes at most `cells`, the cut shown by `ellipsis`."""
    if width(text) <= cells:
        return text
    room = cells - width(ellipsis)
    if room <= 0:
        return ellipsis[:cells]
    kept = ""
    for letter in text:
        room -= letter_width(letter)
        if room < 0:
            break
        kept += letter
    return kept.rstrip() + ellipsis


def elide_name(name: str, cells: int, ellipsis: str) -> str:
    """An actor's name cut to `cells`: of an address its end tells most."""
    actor, at, address = name.partition("@")
    room = cells - width(actor) - width(at + ellipsis)
    if width(name) <= cells or room < _LEAST_CELLS or not address.isascii():
        return elide(name, cells, ellipsis)
    return f"{actor}@{ellipsis}{address[-room:]}"


def wrap(text: str, cells: int, lines: int, ellipsis: str) -> list[str]:
    """`text` broken at blanks into at most `lines` lines of `cells`; the last one is elided if need be."""
    wrapped: list[str] = []
    words = text.split(" ")
    while words and len(wrapped) < lines - 1:
        line = words.pop(0)
        while words and width(line) + 1 + width(words[0]) <= cells:
            line += " " + words.pop(0)
        if width(line) > cells:
            broken = elide(line, cells, "")
            words.insert(0, line[len(broken) :])
            line = broken
        wrapped.append(line)
    return [*wrapped, elide(" ".join(words), cells, ellipsis)] if words else wrapped


def _said(step: Step) -> str:
    return "" if step.type in _SIGNALS else describe(step.fields)


def _remarks(step: Step) -> list[str]:
    remarks = []
    if step.outcome == "crashed":
        remarks.append(f"!! {printable(step.reason)}")
    elif step.outcome == "dropped":
        remarks.append(f"dropped: {printable(step.reason)}")
    elif step.outcome == "lost":
        remarks.append("not handled: lost, or still waiting")
    elif step.outcome == "unseen":
        remarks.append("no record of its arrival")
    if step.outcome in ("handled", "crashed"):
        waited, took = step.started - step.sent, step.ended - step.started
        if waited >= WORTH_TELLING_SECONDS:
            remarks.append(f"{duration(waited)} on the way")
        if took >= WORTH_TELLING_SECONDS:
            remarks.append(f"took {duration(took)}")
    return remarks


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        # An id is a record with the one field `value`.
        if list(value) == ["value"]:
            return _value(value["value"])
        return "{" + describe(value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _word(value)


def _word(value: object) -> str:
    text = printable(str(value))
    if not isinstance(value, str) or _BARE.fullmatch(text):
        return text
    return '"' + text.replace('"', '\\"') + '"'
