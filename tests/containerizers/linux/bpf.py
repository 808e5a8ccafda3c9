"""The kernel's oldest machine, as far as filters of system calls use it."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def verdict(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """What a filter answers; asserts that it is a program that the kernel would take."""
    given = (*arguments, *(0,) * (6 - len(arguments)))
    call = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *given)
    size = len(program) // 8
    accumulator = 0
    place = 0
    while True:
        assert place < size, "it runs beyond its end"
        code, when_true, when_false, operand = struct.unpack_from("=HBBI", program, 8 * place)
        place += 1
        match code:
            case 0x20:
                assert operand % 4 == 0
                (accumulator,) = struct.unpack_from("=I", call, operand)
            case 0x54:
                accumulator &= operand
            case 0x05:
                place += operand
            case 0x15:
                place += when_true if accumulator == operand else when_false
            case 0x25:
                place += when_true if accumulator > operand else when_false
            case 0x35:
                place += when_true if accumulator >= operand else when_false
            case 0x06:
                return int(operand)
            case _:
                raise AssertionError(f"instruction {code:#x}")


def reached(program: bytes) -> set[int]:
    """The instructions that some call may lead to."""
    seen: set[int] = set()
    left = [0]
    while left:
        place = left.pop()
        if place in seen:
            continue
        seen.add(place)
        code, when_true, when_false, operand = struct.unpack_from("=HBBI", program, 8 * place)
        if code == 0x06:
            continue
        if code == 0x05:
            left.append(place + 1 + operand)
        elif code & 0x07 == 0x05:
            left += [place + 1 + when_true, place + 1 + when_false]
        else:
            left.append(place + 1)
    return seen
