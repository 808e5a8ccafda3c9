"""Regular expressions that nobody can stall the allocator with.

Frameworks send them in offer constraints, in RE2's syntax. As in RE2, all ways to match are followed side
by side, one character after another: the time is bounded by the length of the text times that of the
program, whatever the expression.
"""

from __future__ import annotations

from typing import TypeAlias

from actors.master.allocator.pattern_syntax import (
    Alternatives,
    Assertion,
    Chars,
    Node,
    Repetition,
    Series,
    parse,
)

#: A character or a place to pass, or (a tuple) where to go on without either, or (None) the end.
_Instruction: TypeAlias = Chars | Assertion | tuple[int, ...] | None


class Pattern:
    """One regular expression, ready to be matched."""

    def __init__(self, text: str, most_instructions: int) -> None:
        """Raises ValueError for what is no regular expression, or has too long a program."""
        self._program: list[_Instruction] = []
        self._text = text
        self._most = most_instructions
        self._compile(parse(text))
        self._emit(None)

    def matches(self, text: str) -> bool:
        """Whether all of the text matches."""
        alive = self._reach([0], text, 0)
        for position, character in enumerate(text):
            passed = []
            for place in alive:
                instruction = self._program[place]
                if isinstance(instruction, Chars) and instruction.has(character):
                    passed.append(place + 1)
            if not passed:
                return False
            alive = self._reach(passed, text, position + 1)
        return any(self._program[place] is None for place in alive)

    def _reach(self, places: list[int], text: str, position: int) -> list[int]:
        """The places from which a character can be taken, and the end, if they are reached by then."""
        waiting, seen, reached = places, bytearray(len(self._program)), []
        while waiting:
            place = waiting.pop()
            if seen[place]:
                continue
            seen[place] = True
            instruction = self._program[place]
            if isinstance(instruction, tuple):
                waiting += instruction
            elif isinstance(instruction, Assertion):
                if _holds(instruction, text, position):
                    waiting.append(place + 1)
            else:
                reached.append(place)
        return reached

    def _emit(self, instruction: _Instruction) -> int:
        if len(self._program) >= self._most:
            raise ValueError(f"regex {self._text!r}: its program has more than {self._most} instructions")
        self._program.append(instruction)
        return len(self._program) - 1

    def _compile(self, node: Node) -> None:
        """Append the program of a node, which goes on behind its end."""
        if isinstance(node, Chars | Assertion):
            self._emit(node)
        elif isinstance(node, Series):
            for part in node.parts:
                self._compile(part)
        elif isinstance(node, Alternatives):
            self._compile_alternatives(node)
        else:
            self._compile_repetition(node)

    def _compile_alternatives(self, node: Alternatives) -> None:
        ends = []
        for part in node.parts[:-1]:
            fork = self._emit(())
            self._compile(part)
            ends.append(self._emit(()))
            self._program[fork] = (fork + 1, len(self._program))
        self._compile(node.parts[-1])
        for end in ends:
            self._program[end] = (len(self._program),)

    def _compile_repetition(self, node: Repetition) -> None:
        for _ in range(node.least):
            self._compile(node.part)
        if node.most is None:
            fork = self._emit(())
            self._compile(node.part)
            self._emit((fork,))
            self._program[fork] = (fork + 1, len(self._program))
            return
        forks = []
        for _ in range(node.most - node.least):
            forks.append(self._emit(()))
            self._compile(node.part)
        for fork in forks:
            self._program[fork] = (fork + 1, len(self._program))


def _holds(assertion: Assertion, text: str, position: int) -> bool:
    if assertion.place == "begin":
        return position == 0
    if assertion.place == "end":
        return position == len(text)
    before = position > 0 and _is_word(text[position - 1])
    after = position < len(text) and _is_word(text[position])
    return (before != after) is (assertion.place == "boundary")


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())
