"""Filters of system calls: programs for the kernel's oldest machine, classic BPF, compiled from rules.

Numbers with the same rules lie in ranges, among which the program searches by halves.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

from containerizers.linux.system_calls import Machine

ALLOW, LOG, TRACE, ERROR, TRAP = 0x7FFF0000, 0x7FFC0000, 0x7FF00000, 0x00050000, 0x00030000
KILL_THREAD, KILL_PROCESS = 0, 0x80000000
#: Of an action with a number, what is the action.
ERROR_MASK = 0xFFFF0000
#: What comes as another machine's, whose numbers mean other calls.
FOREIGN = KILL_PROCESS
FOREIGN_NUMBER = ERROR | errno.ENOSYS

#: Operations on an argument; with a mask, `value` is that, and `datum` what must be left of the argument.
OPERATIONS = ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ")

_LOAD, _EQUAL, _GREATER, _GREATER_EQUAL, _JUMP, _AND, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x05, 0x54, 0x06
# Where the parts of a call lie, and how far an instruction may jump that decides.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_FARTHEST = 255
_MOST_INSTRUCTIONS = 4096


class Condition(NamedTuple):
    """What must hold for an argument, unsigned and of 64 bits."""

    argument: int
    operation: str
    value: int
    datum: int = 0


class Rule(NamedTuple):
    """What the kernel does when all conditions hold."""

    action: int
    conditions: tuple[Condition, ...] = ()


class Policy(NamedTuple):
    """By numbers, the rules of which the first that holds counts; what is done else, and beyond the last."""

    rules: Mapping[int, tuple[Rule, ...]]
    default: int
    last: int
    beyond: int


#: Code, jumps when true and when false, and an operand.
_Instruction: TypeAlias = tuple[int, int, int, int]
#: Code, operand, and where it goes when true and when false: on, to what holds then, or to what fails.
_Step: TypeAlias = tuple[int, int, str, str]


def compile_policy(policy: Policy, machine: Machine) -> bytes:
    """The program; raises ValueError when the kernel would not take one so long."""
    decisions = groupby(range(policy.last + 1), lambda number: _decision(policy, number))
    ranges = [(next(numbers), rules) for rules, numbers in decisions]
    ranges.append((policy.last + 1, (Rule(policy.beyond),)))
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.architecture),
        (_RETURN, 0, 0, FOREIGN),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine.foreign_bit:
        program += [(_GREATER_EQUAL, 0, 1, machine.foreign_bit), (_RETURN, 0, 0, FOREIGN_NUMBER)]
    program += _search(ranges)
    if len(program) > _MOST_INSTRUCTIONS:
        raise ValueError(f"has {len(program)} instructions, and the kernel takes {_MOST_INSTRUCTIONS}")
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _decision(policy: Policy, number: int) -> tuple[Rule, ...]:
    """The rules for a number up to the first that always holds."""
    found: list[Rule] = []
    for rule in (*policy.rules.get(number, ()), Rule(policy.default)):
        found.append(rule)
        if not rule.conditions:
            break
    return tuple(found)


def _search(ranges: Sequence[tuple[int, tuple[Rule, ...]]]) -> list[_Instruction]:
    if len(ranges) == 1:
        return _rules(ranges[0][1])
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    if len(below) <= _FARTHEST:
        choice = [(_GREATER_EQUAL, len(below), 0, ranges[middle][0])]
    else:
        choice = [(_GREATER_EQUAL, 0, 1, ranges[middle][0]), (_JUMP, 0, 0, len(below))]
    return choice + below + above


def _rules(rules: Sequence[Rule]) -> list[_Instruction]:
    """What decides by rules, the last of which always holds."""
    program: list[_Instruction] = []
    for rule in reversed(rules):
        body: list[_Instruction] = [(_RETURN, 0, 0, rule.action)]
        for condition in reversed(rule.conditions):
            body = _resolved(_steps(condition), len(body)) + body
        program = body + program
    return program


def _resolved(steps: Sequence[_Step], after: int) -> list[_Instruction]:
    """Steps with their jumps; `after` is how many instructions follow that are passed over on failure."""
    program = []
    for place, (code, operand, when_true, when_false) in enumerate(steps):
        left = len(steps) - place - 1
        far = {"on": 0, "hold": left, "fail": left + after}
        program.append((code, far[when_true], far[when_false], operand))
    return program


def _steps(condition: Condition) -> list[_Step]:
    """The halves of an argument are compared one after the other, the higher first."""
    argument, operation, value, datum = condition
    low = (_LOAD, _ARGUMENTS + 8 * argument, "on", "on")
    high = (_LOAD, _ARGUMENTS + 8 * argument + 4, "on", "on")
    if operation == "MASKED_EQ":
        return [
            *(high, (_AND, value >> 32, "on", "on"), (_EQUAL, datum >> 32, "on", "fail")),
            *(low, (_AND, value & 0xFFFFFFFF, "on", "on"), (_EQUAL, datum & 0xFFFFFFFF, "hold", "fail")),
        ]
    # Each of these comparisons, or its opposite.
    yes, no = ("hold", "fail") if operation in ("EQ", "GE", "GT") else ("fail", "hold")
    upper, lower = value >> 32, value & 0xFFFFFFFF
    if operation in ("EQ", "NE"):
        return [high, (_EQUAL, upper, "on", no), low, (_EQUAL, lower, yes, no)]
    last = _GREATER_EQUAL if operation in ("GE", "LT") else _GREATER
    return [high, (_GREATER, upper, yes, "on"), (_EQUAL, upper, "on", no), low, (last, lower, yes, no)]
