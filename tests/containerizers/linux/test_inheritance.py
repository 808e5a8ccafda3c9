from __future__ import annotations

from pathlib import Path

import pytest

from containerizers.linux.capabilities import DEFAULT, NAMES, CapabilityError, mask, own, plan
from containerizers.linux.inheritance import inherited
from containerizers.spec import Isolation, RLimit

ALL = (1 << 41) - 1


def host(folder: Path, bounds: int = ALL, nnp: int = 0, seccomp: int = 0) -> Path:
    """A /proc where this process has all, and process 7 has this."""
    for name, bounding in (("self", ALL), ("7", bounds)):
        (folder / name).mkdir()
        text = (
            f"Name:\tx\nCapPrm:\t{ALL:x}\nCapBnd:\t{bounding:016x}\nNoNewPrivs:\t{nnp}\nSeccomp:\t{seccomp}\n"
        )
        (folder / name / "status").write_text(text, encoding="ascii")
    return folder


def test_one_that_is_kept_by_nothing_leaves_all_as_was_asked_for(tmp_path: Path) -> None:
    asked = Isolation(rlimits=(RLimit(name="cpu"),), seccomp="/profile")
    assert inherited(asked, 7, host(tmp_path)) == asked


def test_what_keeps_the_one_that_is_there_keeps_the_other(tmp_path: Path) -> None:
    found = inherited(Isolation(), 7, host(tmp_path, mask(DEFAULT), nnp=1, seccomp=2))
    assert set(found.bounding_capabilities or ()) == set(DEFAULT)
    assert (found.no_new_privileges, found.seccomp) == (True, "default")


def test_more_may_be_asked_for_and_less_may_not(tmp_path: Path) -> None:
    folder = host(tmp_path, mask(DEFAULT), seccomp=2)
    asked = Isolation(bounding_capabilities=("kill", "sys_admin"), no_new_privileges=True, seccomp="/profile")
    found = inherited(asked, 7, folder)
    assert (found.bounding_capabilities, found.no_new_privileges, found.seccomp) == (
        ("kill",),
        True,
        "/profile",
    )
    found = inherited(Isolation(effective_capabilities=("sys_admin",)), 7, folder)
    with pytest.raises(CapabilityError, match="sys_admin must be in bounding_capabilities"):
        plan(found, True, own())


def test_no_names_are_lost(tmp_path: Path) -> None:
    found = inherited(Isolation(), 7, host(tmp_path, ALL & ~1))
    assert found.bounding_capabilities == NAMES[1:]


def test_without_the_process_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inherited(Isolation(), 8, host(tmp_path))
