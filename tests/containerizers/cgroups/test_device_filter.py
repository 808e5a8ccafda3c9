from __future__ import annotations

import itertools
import struct

import pytest

from containerizers.cgroups.device_filter import attach, compile_rules
from containerizers.cgroups.device_list import HARMLESS, Rule
from containerizers.cgroups.tree import CgroupError

KINDS = {"b": 1, "c": 2}
ACCESSES = {"m": 1, "r": 2, "w": 4}
RULES = (
    Rule("c", 1, 3, "rw"),
    Rule("c", 1, 3, "m"),
    Rule("b", 8, None, "r"),
    Rule("c", 136, None, "rwm"),
    Rule("b", 7, 0, "rwm"),
)


def run(program: bytes, kind: int, access: int, major: int, minor: int) -> int:
    """What a program answers: the few instructions of the kernel's machine that it is made of."""
    asked = struct.pack("=III", access << 16 | kind, major, minor)
    registers = [0] * 11
    place = 0
    while True:
        code, operands, jump, value = struct.unpack_from("=BBhi", program, 8 * place)
        target, source = operands & 15, operands >> 4
        place += 1
        match code:
            case 0x61:
                assert source == 1, "there is one place to load from"
                (registers[target],) = struct.unpack_from("=I", asked, jump)
            case 0xBF:
                registers[target] = registers[source]
            case 0xB7:
                registers[target] = value
            case 0x57:
                registers[target] &= value
            case 0x77:
                registers[target] >>= value
            case 0x55:
                assert jump >= 0, "a loop"
                place += jump if registers[target] != value else 0
            case 0x95:
                return registers[0]
            case _:
                raise AssertionError(f"instruction {code:#x}")


def allowed(rules: tuple[Rule, ...], kind: int, access: int, major: int, minor: int) -> bool:
    return any(
        KINDS[rule.kind] == kind
        and rule.major == major
        and rule.minor in (None, minor)
        and not access & ~sum(ACCESSES[one] for one in rule.access)
        for rule in rules
    )


@pytest.mark.parametrize("rules", [(), HARMLESS, RULES, (*HARMLESS, *RULES)])
def test_the_program_allows_what_a_rule_allows_and_nothing_else(rules: tuple[Rule, ...]) -> None:
    program = compile_rules(rules)
    majors, minors = (0, 1, 5, 7, 8, 136, 137), (0, 1, 2, 3, 4, 8, 255)
    for asked in itertools.product((1, 2), range(1, 8), majors, minors):
        assert run(program, *asked) == allowed(rules, *asked), asked


def test_a_group_that_is_none_is_an_error() -> None:
    with pytest.raises(CgroupError, match="control group /nowhere: devices cannot be limited: No such file"):
        attach("/nowhere", HARMLESS)
