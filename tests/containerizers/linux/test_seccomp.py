from __future__ import annotations

import errno
import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest

from containerizers.linux import filters
from containerizers.linux.default_profile import default_profile
from containerizers.linux.filters import Condition, Rule, compile_policy
from containerizers.linux.seccomp import SeccompError, compile_profile, policy_of
from containerizers.linux.system_calls import MACHINES
from tests.containerizers.linux.bpf import verdict
from tests.containerizers.linux.test_filters import VALUES

X86 = MACHINES["x86_64"]
ALLOW, DENY = filters.ALLOW, filters.ERROR | errno.EPERM


def rules(*listed: dict[str, Any], capabilities: tuple[str, ...] = ()) -> dict[str, tuple[Rule, ...]]:
    profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": list(listed)}
    policy = policy_of(profile, capabilities, X86, (5, 10))
    names = {number: name for name, number in X86.numbers.items()}
    return {names[number]: found for number, found in policy.rules.items()}


def allowed(*names: str, **more: Any) -> dict[str, Any]:
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", **more}


def written(folder: Path, profile: object) -> str:
    path = folder / "profile.json"
    path.write_text(json.dumps(profile), encoding="utf-8")
    return str(path)


def test_rules_are_those_that_are_listed_in_their_order() -> None:
    found = rules(
        allowed("read", "write", "read", "no_such_call"),
        {"name": "kill", "action": "SCMP_ACT_ERRNO", "errnoRet": 3},
        {"names": ["read"], "action": "SCMP_ACT_KILL_PROCESS"},
    )
    assert found == {
        "read": (Rule(ALLOW), Rule(filters.KILL_PROCESS)),
        "write": (Rule(ALLOW),),
        "kill": (Rule(filters.ERROR | 3),),
    }


def test_arguments_hold_together_but_those_of_the_same_index_are_alternatives() -> None:
    one = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}
    other = {"index": 1, "value": 6, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}
    first, second = Condition(0, "EQ", 1), Condition(1, "MASKED_EQ", 6, 2)
    assert rules(allowed("read", args=[one, other]))["read"] == (Rule(ALLOW, (first, second)),)
    twice = rules(allowed("read", args=[one, {**one, "value": 5}]))["read"]
    assert twice == (Rule(ALLOW, (first,)), Rule(ALLOW, (Condition(0, "EQ", 5),)))


@pytest.mark.parametrize(
    ("filtered", "applies"),
    [
        ({}, True),
        ({"includes": {"caps": ["CAP_KILL"]}}, True),
        ({"includes": {"caps": ["CAP_KILL", "CAP_CHOWN"]}}, False),
        ({"excludes": {"caps": ["CAP_KILL"]}}, False),
        ({"excludes": {"caps": ["CAP_CHOWN"]}}, True),
        ({"includes": {"arches": ["amd64", "s390x"]}}, True),
        ({"includes": {"arches": ["arm64"]}}, False),
        ({"excludes": {"arches": ["amd64"]}}, False),
        ({"includes": {"minKernel": "4.8"}}, True),
        ({"includes": {"minKernel": "5.10"}}, True),
        ({"includes": {"minKernel": "5.11"}}, False),
        ({"excludes": {"minKernel": "4.8"}}, False),
        ({"includes": {}, "excludes": None, "comment": "x", "args": None}, True),
    ],
)
def test_a_rule_may_be_for_some_containers_machines_and_kernels(
    filtered: dict[str, Any], applies: bool
) -> None:
    assert ("read" in rules(allowed("read", **filtered), capabilities=("kill",))) is applies


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("ALLOW", ALLOW),
        ("LOG", 0x7FFC0000),
        ("TRACE", 0x7FF00001),
        ("ERRNO", DENY),
        ("TRAP", 0x00030000),
        ("KILL", 0),
        ("KILL_THREAD", 0),
        ("KILL_PROCESS", 0x80000000),
    ],
)
def test_actions_are_the_kernels(name: str, action: int) -> None:
    policy = policy_of({"defaultAction": f"SCMP_ACT_{name}"}, (), X86)
    assert policy.default == action
    assert policy.beyond == (filters.FOREIGN_NUMBER if name == "ERRNO" else action)


def test_the_default_says_of_each_call_what_its_profile_says(tmp_path: Path) -> None:
    for machine, capabilities in itertools.product(MACHINES, ((), ("sys_admin",), ("bpf", "kill"))):
        of = MACHINES[machine]
        policy = policy_of(default_profile(), capabilities, of)
        program = compile_policy(policy, of)
        assert program == compile_profile("default", capabilities, machine)
        for number, argument in itertools.product(range(policy.last + 2), (0, 8, 16, 40, 0x20000, *VALUES)):
            found = next(
                (rule.action for rule in policy.rules.get(number, ()) if _holds(rule, argument)),
                policy.default if number <= policy.last else policy.beyond,
            )
            assert verdict(program, of.architecture, number, (argument,)) == found, (number, argument)


def _holds(rule: Rule, argument: int) -> bool:
    tests = {"EQ": int.__eq__, "NE": int.__ne__}
    return all(
        argument & one.value == one.datum
        if one.operation == "MASKED_EQ"
        else tests[one.operation](argument, one.value)
        for one in rule.conditions
    )


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    path = written(tmp_path, {"defaultAction": "SCMP_ACT_ALLOW"})
    first = compile_profile(path, ())
    assert compile_profile(path, ()) is first
    written(tmp_path, {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [allowed("read")]})
    second = compile_profile(path, ())
    assert second != first
    architecture, numbers = MACHINES[os.uname().machine].architecture, MACHINES[os.uname().machine].numbers
    assert verdict(second, architecture, numbers["read"]) == ALLOW
    assert verdict(second, architecture, numbers["write"]) == DENY


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        ([], "must be an object"),
        ({}, "defaultAction: None: must be one of SCMP_ACT_ALLOW"),
        ({"defaultAction": "ALLOW"}, "defaultAction: 'ALLOW': must be one of"),
        ({"defaultAction": "SCMP_ACT_NOTIFY"}, "defaultAction: 'SCMP_ACT_NOTIFY': must be one of"),
        (
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096},
            "number of an error: 4096: must be a number",
        ),
        ({"syscalls": {}}, "syscalls: must be a list"),
        ({"syscalls": ["read"]}, r"syscalls\[0\]: must be an object"),
        ({"syscalls": [{"action": "SCMP_ACT_ALLOW"}]}, r"syscalls\[0\].names: must be names of system calls"),
        (
            {"syscalls": [allowed("read"), {"names": ["write"]}]},
            r"syscalls\[1\].action: None: must be one of",
        ),
        ({"syscalls": [{"names": [1], "action": "SCMP_ACT_ALLOW"}]}, r"syscalls\[0\].names: must be names"),
        ({"syscalls": [allowed("read", args=[1])]}, r"syscalls\[0\].args\[0\]: must be an object"),
        (
            {"syscalls": [allowed("read", args=[{"index": 6}])]},
            r"args\[0\].index: 6: must be a number from 0 to 5",
        ),
        ({"syscalls": [allowed("read", args=[{"value": -1}])]}, r"args\[0\].value: -1: must be a number"),
        (
            {"syscalls": [allowed("read", args=[{"op": "EQ"}])]},
            r"args\[0\].op: 'EQ': must be one of SCMP_CMP_NE",
        ),
        ({"syscalls": [allowed("read", includes=[])]}, r"syscalls\[0\].includes: must be an object"),
        ({"syscalls": [allowed("read", excludes={"caps": [1]})]}, r"excludes.caps: must be names"),
        (
            {"syscalls": [allowed("read", includes={"minKernel": "new"})]},
            r"includes.minKernel: 'new': must be a ver",
        ),
    ],
)
def test_what_is_no_profile_is_refused_with_the_place_that_is_wrong(
    tmp_path: Path, profile: object, text: str
) -> None:
    if isinstance(profile, dict) and "syscalls" in profile:
        profile = {"defaultAction": "SCMP_ACT_ALLOW", **profile}
    path = written(tmp_path, profile)
    with pytest.raises(SeccompError, match=text) as caught:
        compile_profile(path, ())
    assert str(caught.value).startswith(f"seccomp profile {path!r}: ")


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SeccompError, match="seccomp profile '/nowhere': No such file"):
        compile_profile("/nowhere", ())
    (tmp_path / "broken").write_text('{"defaultAction"', encoding="utf-8")
    with pytest.raises(SeccompError, match="broken': "):
        compile_profile(str(tmp_path / "broken"), ())
    with pytest.raises(SeccompError, match="there are no filters for sparc; there are for x86_64, aarch64"):
        compile_profile("default", (), "sparc")
