from __future__ import annotations

from pathlib import Path

import pytest

from containerizers.linux import capabilities
from containerizers.linux.capabilities import (
    DEFAULT,
    NAMES,
    CapabilityError,
    Own,
    Sets,
    mask,
    names,
    own,
    plan,
)
from containerizers.spec import Isolation

ALL = (1 << 41) - 1
EVERYTHING = Own(ALL, ALL)


def isolation(effective: tuple[str, ...] | None = None, bounding: tuple[str, ...] | None = None) -> Isolation:
    return Isolation(effective_capabilities=effective, bounding_capabilities=bounding)


def test_all_have_names_in_the_kernels_order() -> None:
    assert len(NAMES) == len(set(NAMES)) == 41
    numbers = {
        "chown": 0,
        "kill": 5,
        "net_raw": 13,
        "sys_admin": 21,
        "mknod": 27,
        "setfcap": 31,
        "syslog": 34,
    }
    numbers |= {"bpf": 39, "checkpoint_restore": 40}
    assert {name: NAMES.index(name) for name in numbers} == numbers


def test_names_and_masks_are_each_others_opposite() -> None:
    assert names(mask(NAMES)) == NAMES
    assert mask(("kill", "chown")) == 0b100001
    assert names(1 << 50 | 1) == ("chown", "50")


def test_the_default_is_dockers_without_raw_packets() -> None:
    assert mask(DEFAULT) == 0xA80425FB & ~mask(("net_raw",))


def test_a_process_has_what_the_kernel_says(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tx y\nCapPrm:\t0000000000000003\nCapBnd:\t00000000000000ff\n", encoding="ascii")
    assert own(status) == Own(3, 255)
    assert own().permitted & ~own().bounding == 0


@pytest.mark.parametrize("is_root", [True, False])
def test_without_sets_all_is_left_as_it_is(is_root: bool) -> None:
    assert plan(isolation(), is_root, EVERYTHING) is None


def test_root_gets_all_that_bounds_it_and_a_user_nothing() -> None:
    bounds = mask(DEFAULT)
    assert plan(isolation(bounding=DEFAULT), True, EVERYTHING) == Sets(bounds, 0, bounds, 0)
    assert plan(isolation(bounding=DEFAULT), False, EVERYTHING) == Sets(0, 0, bounds, 0)


def test_an_effective_set_bounds_itself_and_a_user_keeps_it_as_ambient() -> None:
    bits = mask(("kill", "net_raw"))
    assert plan(isolation(("kill", "net_raw")), True, EVERYTHING) == Sets(bits, 0, bits, 0)
    assert plan(isolation(("kill", "net_raw")), False, EVERYTHING) == Sets(bits, bits, bits, bits)


def test_root_with_less_than_what_bounds_it_is_not_given_the_rest_for_being_root() -> None:
    one, both = mask(("kill",)), mask(("kill", "chown"))
    assert plan(isolation(("kill",), ("kill", "chown")), True, EVERYTHING) == Sets(one, one, both, one, True)


def test_nobody_gets_what_the_agent_lacks() -> None:
    mine = Own(mask(("kill", "chown")), mask(("kill", "chown")))
    assert plan(isolation(bounding=("kill", "sys_time")), True, mine) == Sets(32, 0, 32, 0)
    with pytest.raises(
        CapabilityError, match="effective_capabilities: sys_time cannot be given: the agent lacks"
    ):
        plan(isolation(("kill", "sys_time")), True, mine)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (isolation(("fly",)), "effective_capabilities: there is no capability 'fly'"),
        (isolation((), ("CAP_KILL",)), "bounding_capabilities: there is no capability 'CAP_KILL'"),
        (
            isolation(("kill", "chown"), ("kill",)),
            "effective_capabilities: chown must be in bounding_cap",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(asked: Isolation, text: str) -> None:
    with pytest.raises(CapabilityError, match=text):
        plan(asked, True, EVERYTHING)


def test_an_empty_set_is_a_set() -> None:
    assert plan(isolation(()), True, EVERYTHING) == Sets(0, 0, 0, 0)
    assert capabilities.names(0) == ()
