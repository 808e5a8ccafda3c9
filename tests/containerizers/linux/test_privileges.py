from __future__ import annotations

import shutil
from typing import Any

import pytest

from containerizers.linux.capabilities import DEFAULT, mask, own, plan
from containerizers.linux.seccomp import compile_profile
from containerizers.spec import Isolation
from tests.containerizers.linux.children import child
from tests.containerizers.linux.public import public_folder

NOBODY = (65534, 65534, (65534, 7))
APPLY = """
from containerizers.linux import privileges, syscalls
try:
    privileges.apply(given["user"], given["capabilities"], given["nnp"], given["filter"])
except syscalls.StepError as error:
    sys.exit(f"step: {error}")
os.execv("/bin/sh", ["sh", "-c", given["script"]])
"""


def said(
    script: str,
    user: tuple[int, int, tuple[int, ...]] | None = None,
    isolation: Isolation | None = None,
    program: bytes | None = None,
) -> tuple[int, str]:
    isolation = isolation or Isolation()
    sets = plan(isolation, user is None, own())
    given: dict[str, Any] = {
        "user": user,
        "capabilities": None if sets is None else tuple(sets),
        "nnp": isolation.no_new_privileges,
        "filter": program,
        "script": script,
    }
    done = child(APPLY, given)
    return done.returncode, done.stdout + done.stderr


def status(*arguments: Any) -> dict[str, str]:
    """What the kernel says of a program, after it was executed."""
    code, text = said("cat /proc/self/status", *arguments)
    assert code == 0, text
    return dict(line.split(":\t", 1) for line in text.splitlines())


def capabilities_of(fields: dict[str, str]) -> dict[str, int]:
    return {name: int(fields[f"Cap{name}"], 16) for name in ("Prm", "Eff", "Inh", "Bnd", "Amb")}


def test_a_user_is_switched_to_with_all_groups() -> None:
    fields = status(NOBODY)
    assert fields["Uid"] == "65534\t65534\t65534\t65534"
    assert fields["Gid"] == "65534\t65534\t65534\t65534"
    assert fields["Groups"].split() == ["7", "65534"]
    assert capabilities_of(fields) == {"Prm": 0, "Eff": 0, "Inh": 0, "Bnd": own().bounding, "Amb": 0}


def test_root_is_left_what_bounds_it() -> None:
    bits = mask(DEFAULT) & own().bounding
    fields = status(None, Isolation(bounding_capabilities=DEFAULT))
    assert capabilities_of(fields) == {"Prm": bits, "Eff": bits, "Inh": 0, "Bnd": bits, "Amb": 0}


def test_root_with_less_than_what_bounds_it_has_no_more_after_a_program_began() -> None:
    isolation = Isolation(effective_capabilities=("kill",), bounding_capabilities=("kill", "chown"))
    fields = capabilities_of(status(None, isolation))
    assert fields == {"Prm": 32, "Eff": 32, "Inh": 32, "Bnd": 33, "Amb": 32}


def test_a_user_keeps_what_it_was_given() -> None:
    bits = mask(("net_bind_service", "kill"))
    isolation = Isolation(effective_capabilities=("net_bind_service", "kill"))
    fields = capabilities_of(status(NOBODY, isolation))
    assert fields == {"Prm": bits, "Eff": bits, "Inh": bits, "Bnd": bits, "Amb": bits}


def test_a_user_without_any_has_none_and_is_bounded() -> None:
    fields = capabilities_of(status(NOBODY, Isolation(bounding_capabilities=("chown",))))
    assert fields == {"Prm": 0, "Eff": 0, "Inh": 0, "Bnd": 1, "Amb": 0}


@pytest.mark.parametrize("nnp", [True, False])
@pytest.mark.parametrize("user", [NOBODY, None])
def test_a_filter_is_loaded_with_or_without_new_privileges(
    user: tuple[int, int, tuple[int, ...]] | None, nnp: bool
) -> None:
    isolation = Isolation(bounding_capabilities=DEFAULT, no_new_privileges=nnp)
    fields = status(user, isolation, compile_profile("default", ()))
    assert (fields["NoNewPrivs"], fields["Seccomp"], fields["Seccomp_filters"]) == (str(int(nnp)), "2", "1")


@pytest.mark.parametrize(("nnp", "user"), [(True, NOBODY[0]), (False, 0)])
def test_without_new_privileges_programs_of_root_are_programs_of_the_user(nnp: bool, user: int) -> None:
    with public_folder() as folder:
        program = folder / "id"
        shutil.copy("/usr/bin/id", program)
        program.chmod(0o4755)
        isolation = Isolation(no_new_privileges=nnp)
        assert said(f"{program} -u", NOBODY, isolation) == (0, f"{user}\n")


def test_a_filter_that_is_none_is_an_error_that_says_so() -> None:
    assert said("true", program=b"\0" * 8) == (1, "step: seccomp: the kernel refuses: Invalid argument\n")


def test_nobody_can_look_into_it_before_it_becomes_the_program() -> None:
    code = APPLY.replace("os.execv(", "sys.exit(syscalls.prctl(3))  #")
    given = {"user": None, "capabilities": None, "nnp": False, "filter": None, "script": ""}
    assert child(code, given).returncode == 0
    assert child(code.replace("privileges.apply(", "print("), given).returncode == 1


def refused(**given: Any) -> str:
    """What is said to one that is not root any more."""
    code = APPLY.replace("try:", "os.setresuid(65534, 65534, 65534)\ntry:", 1)
    nothing = {"user": None, "capabilities": None, "nnp": False, "filter": None, "script": "true"}
    done = child(code, {**nothing, **given})
    assert done.returncode == 1
    return done.stderr


def test_who_may_not_do_a_step_is_told_which() -> None:
    said = refused(user=(0, 0, ()))
    assert said == "step: user 0: cannot be switched to: Operation not permitted\n"
    said = refused(capabilities=(0, 0, 0, 0, False))
    assert said == "step: bounding_capabilities: the kernel refuses: Operation not permitted\n"
    said = refused(filter=compile_profile("default", ()))
    assert said == "step: seccomp: the kernel refuses: Permission denied\n"
