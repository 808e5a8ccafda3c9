"""Profiles of system calls in Docker's format: read, and made into filters.

Of the rules for a call, the first whose conditions hold counts; arguments of the same index are alternatives,
as in Docker. Calls made in another machine's way, of 32 bits for one, are never allowed. Where most calls are
refused, those with numbers above all that are known here are answered as by a kernel that has not got them.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from containerizers.linux import filters
from containerizers.linux.capabilities import NAMES
from containerizers.linux.default_profile import default_profile
from containerizers.linux.filters import Condition, Policy, Rule, compile_policy
from containerizers.linux.system_calls import MACHINES, Machine

#: The name of the profile that is used where no path is given.
DEFAULT = "default"
_ACTIONS = {
    "SCMP_ACT_ALLOW": filters.ALLOW,
    "SCMP_ACT_LOG": filters.LOG,
    "SCMP_ACT_TRACE": filters.TRACE,
    "SCMP_ACT_ERRNO": filters.ERROR,
    "SCMP_ACT_TRAP": filters.TRAP,
    "SCMP_ACT_KILL": filters.KILL_THREAD,
    "SCMP_ACT_KILL_THREAD": filters.KILL_THREAD,
    "SCMP_ACT_KILL_PROCESS": filters.KILL_PROCESS,
}
_WITH_NUMBER = (filters.ERROR, filters.TRACE)
_MOST_ERRNO, _MOST_BYTES, _ARGUMENTS = 4095, 4 << 20, 6
_MOST = (1 << 64) - 1
_KERNEL = re.compile(r"(\d+)\.(\d+)")


class SeccompError(ValueError):
    """A profile that is none; the text names its file, the place in it and the rule."""


def compile_profile(profile: str, capabilities: Iterable[str], machine: str | None = None) -> bytes:
    """The filter of a profile, `default` or a path, for a container with these capabilities.

    Raises SeccompError. What was compiled is remembered until the file changes.
    """
    name = os.uname().machine if machine is None else machine
    if name not in MACHINES:
        raise SeccompError(f"seccomp: there are no filters for {name}; there are for {', '.join(MACHINES)}")
    held = tuple(sorted(capabilities, key=_order))
    version = None if profile == DEFAULT else _version(profile)
    return _compiled(profile, version, held, name)


@lru_cache(maxsize=64)
def _compiled(
    profile: str, version: tuple[int, int, int] | None, capabilities: tuple[str, ...], machine: str
) -> bytes:
    read = default_profile() if version is None else _read(profile)
    try:
        policy = policy_of(read, capabilities, MACHINES[machine])
        return compile_policy(policy, MACHINES[machine])
    except ValueError as error:
        raise SeccompError(f"seccomp profile {profile!r}: {error}") from None


def policy_of(
    profile: Mapping[str, Any],
    capabilities: Iterable[str],
    machine: Machine,
    kernel: tuple[int, int] | None = None,
) -> Policy:
    """What a profile means for a machine and a kernel; raises ValueError naming the place in it."""
    default = _action(profile.get("defaultAction"), profile.get("defaultErrnoRet"), "defaultAction")
    held = {f"CAP_{name.upper()}" for name in capabilities}
    version = _kernel(os.uname().release, "the kernel's version") if kernel is None else kernel
    rules: dict[int, tuple[Rule, ...]] = {}
    for place, listed in enumerate(_list(profile.get("syscalls"), "syscalls")):
        name = f"syscalls[{place}]"
        if not isinstance(listed, dict):
            raise ValueError(f"{name}: must be an object")  # noqa: TRY004  one kind for all that is wrong
        if not _applies(listed, held, machine, version, name):
            continue
        made = tuple(_rules(listed, name))
        for number in _numbers(listed, machine, name):
            rules[number] = (*rules.get(number, ()), *made)
    refuses = default & filters.ERROR_MASK == filters.ERROR
    last = max(machine.numbers.values())
    return Policy(rules, default, last, filters.FOREIGN_NUMBER if refuses else default)


def _version(profile: str) -> tuple[int, int, int]:
    try:
        seen = Path(profile).stat()
    except (OSError, ValueError) as error:
        raise SeccompError(f"seccomp profile {profile!r}: {_words(error)}") from None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def _read(profile: str) -> dict[str, Any]:
    try:
        with Path(profile).open("rb") as file:
            read = msgspec.json.decode(file.read(_MOST_BYTES))
    except (OSError, ValueError) as error:
        raise SeccompError(f"seccomp profile {profile!r}: {_words(error)}") from None
    if not isinstance(read, dict):
        raise SeccompError(f"seccomp profile {profile!r}: must be an object")
    return read


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _order(name: str) -> int:
    return NAMES.index(name) if name in NAMES else len(NAMES)


# Parts of a profile; `place` is where they stand.


def _numbers(listed: Mapping[str, Any], machine: Machine, place: str) -> list[int]:
    """The calls that are meant; those that only other machines have are left out."""
    names = _list(listed.get("names"), f"{place}.names")
    if "name" in listed:
        names = [*names, listed["name"]]
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{place}.names: must be names of system calls")
    known = (machine.numbers.get(name) for name in dict.fromkeys(names))
    return [number for number in known if number is not None]


def _rules(listed: Mapping[str, Any], place: str) -> Iterable[Rule]:
    action = _action(listed.get("action"), listed.get("errnoRet"), f"{place}.action")
    arguments = _list(listed.get("args"), f"{place}.args")
    conditions = [_condition(one, f"{place}.args[{index}]") for index, one in enumerate(arguments)]
    indices = [condition.argument for condition in conditions]
    if len(set(indices)) < len(indices):
        return [Rule(action, (condition,)) for condition in conditions]
    return [Rule(action, tuple(conditions))]


def _condition(argument: Any, place: str) -> Condition:
    if not isinstance(argument, dict):
        raise ValueError(f"{place}: must be an object")  # noqa: TRY004  one kind for all that is wrong
    index = _number(argument.get("index", 0), f"{place}.index", _ARGUMENTS - 1)
    value = _number(argument.get("value", 0), f"{place}.value", _MOST)
    datum = _number(argument.get("valueTwo", 0), f"{place}.valueTwo", _MOST)
    operation = argument.get("op")
    known = [f"SCMP_CMP_{name}" for name in filters.OPERATIONS]
    if operation not in known:
        raise ValueError(f"{place}.op: {operation!r}: must be one of {', '.join(known)}")
    return Condition(index, operation.removeprefix("SCMP_CMP_"), value, datum)


def _action(name: Any, number: Any, place: str) -> int:
    if name not in _ACTIONS:
        raise ValueError(f"{place}: {name!r}: must be one of {', '.join(_ACTIONS)}")
    action = _ACTIONS[name]
    if action not in _WITH_NUMBER:
        return action
    wanted = errno.EPERM if number is None else number
    return action | _number(wanted, f"{place}: its number of an error", _MOST_ERRNO)


def _applies(
    listed: Mapping[str, Any], held: set[str], machine: Machine, kernel: tuple[int, int], place: str
) -> bool:
    """Whether it is meant for such a container, machine and kernel."""
    included = _filter(listed.get("includes"), f"{place}.includes")
    excluded = _filter(listed.get("excludes"), f"{place}.excludes")
    here = set(machine.names)
    if included["caps"] and not held.issuperset(included["caps"]):
        return False
    if included["arches"] and here.isdisjoint(included["arches"]):
        return False
    if held.intersection(excluded["caps"]) or here.intersection(excluded["arches"]):
        return False
    oldest, too_new = included["minKernel"], excluded["minKernel"]
    return (oldest is None or kernel >= oldest) and (too_new is None or kernel < too_new)


def _filter(value: Any, place: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{place}: must be an object")
    value = value or {}
    names = {name: _list(value.get(name), f"{place}.{name}") for name in ("caps", "arches")}
    for name, listed in names.items():
        if not all(isinstance(one, str) for one in listed):
            raise ValueError(f"{place}.{name}: must be names")
    oldest = value.get("minKernel")
    return {**names, "minKernel": None if not oldest else _kernel(oldest, f"{place}.minKernel")}


def _kernel(text: Any, place: str) -> tuple[int, int]:
    found = _KERNEL.match(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{place}: {text!r}: must be a version like 4.8")
    return int(found[1]), int(found[2])


def _list(value: Any, place: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise ValueError(f"{place}: must be a list")
    return value or []


def _number(value: Any, place: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{place}: {value!r}: must be a number from 0 to {most}")
    return value
