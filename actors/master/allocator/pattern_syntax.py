"""The syntax of regular expressions, as RE2 has it: what a text says, as a tree.

Left out, and refused, are Unicode classes (\\p{Greek}), \\C, and flags other than i and s.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

#: RE2 repeats nothing more often than this.
MOST_REPEATS: Final = 1000
_DEEPEST: Final = 50
_LAST: Final = 0x10FFFF

Ranges: TypeAlias = tuple[tuple[int, int], ...]

_DIGITS: Final[Ranges] = ((48, 57),)
_WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
_BLANKS: Final[Ranges] = ((9, 10), (12, 13), (32, 32))
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _BLANKS}
_POSIX: Final[dict[str, Ranges]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGITS,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_CONTROLS: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_ASSERTIONS: Final = {"A": "begin", "z": "end", "b": "boundary", "B": "no boundary"}


class Chars(msgspec.Struct, frozen=True):
    """Any one character of some ranges."""

    ranges: Ranges
    ignores_case: bool = False

    def has(self, character: str) -> bool:
        """Whether the character is among them."""
        forms = (character, character.lower(), character.upper()) if self.ignores_case else (character,)
        return any(
            first <= ord(form) <= last for form in forms if len(form) == 1 for first, last in self.ranges
        )


class Assertion(msgspec.Struct, frozen=True):
    """No character, but a place: "begin", "end", "boundary" or "no boundary"."""

    place: str


class Series(msgspec.Struct, frozen=True):
    """One after another."""

    parts: tuple[Node, ...]


class Alternatives(msgspec.Struct, frozen=True):
    """One or another."""

    parts: tuple[Node, ...]


class Repetition(msgspec.Struct, frozen=True):
    """Several times over; `most` is None for no end."""

    part: Node
    least: int
    most: int | None


Node: TypeAlias = Chars | Assertion | Series | Alternatives | Repetition


def parse(text: str) -> Node:
    """The tree of a regular expression; raises ValueError naming the rule that it breaks."""
    parser = _Parser(text)
    node = parser.alternatives()
    if parser.rest:
        raise parser.error("there is a ) too many")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._ignores_case = False
        self._dot_takes_all = False
        self._depth = 0

    @property
    def rest(self) -> str:
        return self._text[self._position :]

    def error(self, rule: str) -> ValueError:
        return ValueError(f"regex {self._text!r}: {rule}, at {self._position}")

    def alternatives(self) -> Node:
        """Everything up to a closing parenthesis or the end."""
        parts = [self._series()]
        while self._accept("|"):
            parts.append(self._series())
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _series(self) -> Node:
        parts: list[Node] = []
        while self.rest and self.rest[0] not in "|)":
            part = self._atom()
            if part is not None:
                parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        times = self._times()
        if times is None:
            return part
        self._accept("?")  # whether it takes few or many makes no difference to a match of the whole
        if self._times() is not None:
            raise self.error("a repetition cannot be repeated")
        return Repetition(part, *times)

    def _times(self) -> tuple[int, int | None] | None:
        for sign, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._accept(sign):
                return times
        inside, closed, _after = self.rest[1:].partition("}")
        least, comma, most = inside.partition(",")
        if not self.rest.startswith("{") or not closed or not _is_number(least):
            return None
        if most and not _is_number(most):
            return None
        self._position += len(inside) + 2
        end = (int(most) if most else None) if comma else int(least)
        if int(least) > MOST_REPEATS or (end is not None and not int(least) <= end <= MOST_REPEATS):
            raise self.error(f"{{{inside}}} must be in order and at most {MOST_REPEATS}")
        return int(least), end

    def _atom(self) -> Node | None:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return self._bracket()
        if character == "\\":
            return self._escape()
        if character == ".":
            without = ((0, 9), (11, _LAST))
            return Chars(((0, _LAST),) if self._dot_takes_all else without)
        if character in "^$":
            return Assertion("begin" if character == "^" else "end")
        if character in "*+?":
            raise self.error(f"{character} has nothing to repeat")
        return self._chars(((ord(character), ord(character)),))

    def _group(self) -> Node | None:
        outer = self._ignores_case, self._dot_takes_all
        if self._accept("?P<") or self._accept("?<"):
            self._name()
        elif self._accept("?"):
            letters, end = self._flags()
            self._ignores_case = "i" in letters or (self._ignores_case and "-i" not in letters)
            self._dot_takes_all = "s" in letters or (self._dot_takes_all and "-s" not in letters)
            if end == ")":
                return None
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.error(f"groups must not be nested more than {_DEEPEST} deep")
        node = self.alternatives()
        if not self._accept(")"):
            raise self.error("a ) is missing")
        self._depth -= 1
        self._ignores_case, self._dot_takes_all = outer
        return node

    def _name(self) -> None:
        name, end, _after = self.rest.partition(">")
        if not end or not name.isidentifier():
            raise self.error("a group's name must be a word, and end with >")
        self._position += len(name) + 1

    def _flags(self) -> tuple[set[str], str]:
        """Flags, each with a minus if it is taken away, and what ends them."""
        flags, sign = set(), ""
        while (character := self._next()) not in ":)":
            if character == "-" and not sign:
                sign = "-"
            elif character in "is":
                flags.add(sign + character)
            else:
                raise self.error("flags other than i and s are not known")
        return flags, character

    def _bracket(self) -> Node:
        negated = self._accept("^")
        ranges = list(self._bracket_item())  # a ] that comes first stands for itself
        while not self._accept("]"):
            ranges += self._bracket_item()
        found = tuple(ranges)
        return self._chars(_complement(found) if negated else found)

    def _bracket_item(self) -> Ranges:
        name, end, _after = self.rest[2:].partition(":]")
        if self.rest.startswith("[:") and end:
            negated = name.startswith("^")
            found = _POSIX.get(name.removeprefix("^"))
            if found is None:
                raise self.error(f"there is no class [:{name}:]")
            self._position += len(name) + 4
            return _complement(found) if negated else found
        first = self._bracket_character()
        if isinstance(first, tuple):
            return first
        if not self.rest.startswith("-") or self.rest.startswith("-]"):
            return ((first, first),)
        self._position += 1
        last = self._bracket_character()
        if isinstance(last, tuple) or last < first:
            raise self.error("a range must go from a character to one that is not before it")
        return ((first, last),)

    def _bracket_character(self) -> int | Ranges:
        character = self._next()
        return self._escaped(self._next()) if character == "\\" else ord(character)

    def _escape(self) -> Node:
        character = self._next()
        if character in _ASSERTIONS:
            return Assertion(_ASSERTIONS[character])
        if character == "Q":
            quoted, _end, _after = self.rest.partition("\\E")
            self._position += len(quoted) + (2 if _end else 0)
            return Series(tuple(self._chars(((ord(each), ord(each)),)) for each in quoted))
        found = self._escaped(character)
        return self._chars(found if isinstance(found, tuple) else ((found, found),))

    def _escaped(self, character: str) -> int | Ranges:
        if character.lower() in _CLASSES:
            found = _CLASSES[character.lower()]
            return found if character.islower() else _complement(found)
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "x":
            return self._hexadecimal()
        if character.isascii() and character.isalnum():
            raise self.error(f"\\{character} is not known")
        return ord(character)

    def _hexadecimal(self) -> int:
        if self._accept("{"):
            digits, end, _after = self.rest.partition("}")
            self._position += len(digits) + 1
        else:
            digits, end = self.rest[:2], "}"
            self._position += 2
        if not end or len(digits) < 1 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
            raise self.error("\\x must be followed by two hexadecimal digits, or by more in braces")
        if int(digits, 16) > _LAST:
            raise self.error("\\x is no character")
        return int(digits, 16)

    def _chars(self, ranges: Ranges) -> Chars:
        return Chars(ranges, self._ignores_case)

    def _next(self) -> str:
        if self._position >= len(self._text):
            raise self.error("it ends too early")
        self._position += 1
        return self._text[self._position - 1]

    def _accept(self, wanted: str) -> bool:
        if not self._text.startswith(wanted, self._position):
            return False
        self._position += len(wanted)
        return True


def _complement(ranges: Ranges) -> Ranges:
    """All characters that are in none of the ranges."""
    rest = []
    begin = 0
    for first, last in sorted(ranges):
        if begin < first:
            rest.append((begin, first - 1))
        begin = max(begin, last + 1)
    return (*rest, (begin, _LAST)) if begin <= _LAST else tuple(rest)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
