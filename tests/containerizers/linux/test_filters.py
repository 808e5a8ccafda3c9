from __future__ import annotations

import errno
import itertools
from random import Random

import pytest

from containerizers.linux import filters
from containerizers.linux.filters import OPERATIONS, Condition, Policy, Rule, compile_policy
from containerizers.linux.system_calls import MACHINES, Machine
from tests.containerizers.linux.bpf import reached, verdict

X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]
ALLOW, DENY, NOT_THERE = filters.ALLOW, filters.ERROR | errno.EPERM, filters.ERROR | errno.ENOSYS
#: Where comparisons go wrong: at the ends of both halves.
VALUES = (
    0,
    1,
    2,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 32,
    (1 << 32) + 1,
    5 << 32 | 7,
    1 << 63,
    (1 << 64) - 1,
)


def holds(condition: Condition, arguments: tuple[int, ...]) -> bool:
    argument, value = arguments[condition.argument], condition.value
    return {
        "NE": argument != value,
        "LT": argument < value,
        "LE": argument <= value,
        "EQ": argument == value,
        "GE": argument >= value,
        "GT": argument > value,
        "MASKED_EQ": argument & value == condition.datum,
    }[condition.operation]


def meant(policy: Policy, number: int, arguments: tuple[int, ...]) -> int:
    """The verdict by a direct reading of the rules."""
    if number > policy.last:
        return policy.beyond
    for rule in policy.rules.get(number, ()):
        if all(holds(condition, arguments) for condition in rule.conditions):
            return rule.action
    return policy.default


def random_policy(random: Random) -> Policy:
    def condition() -> Condition:
        operation = random.choice(OPERATIONS)
        return Condition(random.randrange(6), operation, random.choice(VALUES), random.choice(VALUES))

    def rule() -> Rule:
        action = random.choice((ALLOW, DENY, filters.KILL_PROCESS, filters.ERROR | random.randrange(4096)))
        return Rule(action, tuple(condition() for _ in range(random.choice((0, 0, 1, 2, 6)))))

    last = random.choice((0, 1, 30, 300))
    rules = {
        number: tuple(rule() for _ in range(random.randrange(1, 4)))
        for number in range(last + 1)
        if random.random() < 0.5
    }
    return Policy(rules, random.choice((ALLOW, DENY)), last, NOT_THERE)


@pytest.mark.parametrize("seed", range(25))
def test_a_filter_says_what_a_direct_reading_of_the_rules_says(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random)
    machine = random.choice((X86, ARM))
    program = compile_policy(policy, machine)
    for number in range(policy.last + 3):
        for _ in range(4):
            arguments = tuple(random.choice(VALUES) for _ in range(6))
            expected = meant(policy, number, arguments)
            assert verdict(program, machine.architecture, number, arguments) == expected, (number, arguments)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_comparison_is_of_all_64_bits(operation: str) -> None:
    for value, datum in itertools.product(VALUES, VALUES if operation == "MASKED_EQ" else (0,)):
        condition = Condition(3, operation, value, datum)
        policy = Policy({7: (Rule(ALLOW, (condition,)),)}, DENY, 10, NOT_THERE)
        program = compile_policy(policy, X86)
        for argument in VALUES:
            arguments = (0, 0, 0, argument, 0, 0)
            expected = ALLOW if holds(condition, arguments) else DENY
            assert verdict(program, X86.architecture, 7, arguments) == expected, (condition, argument)


@pytest.mark.parametrize("machine", [X86, ARM])
def test_calls_of_other_machines_are_never_allowed(machine: Machine) -> None:
    program = compile_policy(Policy({}, ALLOW, 400, ALLOW), machine)
    others = [one.architecture for one in (X86, ARM) if one is not machine]
    for other in (0x40000003, 0, 0xFFFFFFFF, *others):
        assert verdict(program, other, 1) == filters.KILL_PROCESS
    assert verdict(program, machine.architecture, 1) == ALLOW


def test_calls_with_shorter_pointers_are_unknown() -> None:
    program = compile_policy(Policy({}, ALLOW, 400, ALLOW), X86)
    for number in (0x40000000, 0x40000001, 0x400001FF, -1):
        assert verdict(program, X86.architecture, number) == NOT_THERE
    assert verdict(program, X86.architecture, 0x3FFFFFFF) == ALLOW


def test_numbers_beyond_the_last_have_an_answer_of_their_own() -> None:
    program = compile_policy(Policy({}, DENY, 400, NOT_THERE), ARM)
    assert verdict(program, ARM.architecture, 400) == DENY
    assert verdict(program, ARM.architecture, 401) == NOT_THERE


def test_every_instruction_can_be_reached_as_the_kernel_demands() -> None:
    for seed in range(10):
        program = compile_policy(random_policy(Random(seed)), X86)
        assert len(reached(program)) == len(program) // 8


def test_rules_that_lie_far_apart_are_found() -> None:
    rules = {number: (Rule(DENY),) for number in range(0, 512, 2)}
    program = compile_policy(Policy(rules, ALLOW, 511, NOT_THERE), ARM)
    assert len(program) // 8 > 4 * 255
    for number in range(512):
        assert verdict(program, ARM.architecture, number) == (ALLOW if number % 2 else DENY)


def test_one_that_is_too_long_for_the_kernel_is_refused() -> None:
    condition = Condition(0, "EQ", 1)
    rules = {
        number: tuple(Rule(DENY, (condition._replace(value=number),) * 6) for _ in range(3))
        for number in range(200)
    }
    with pytest.raises(ValueError, match="instructions, and the kernel takes 4096"):
        compile_policy(Policy(rules, ALLOW, 300, ALLOW), X86)
