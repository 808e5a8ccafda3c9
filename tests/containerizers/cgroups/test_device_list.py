from __future__ import annotations

import pytest

from containerizers.cgroups.device_list import HARMLESS, rules
from containerizers.cgroups.tree import CgroupError
from containerizers.spec import Device


def test_a_device_is_known_by_its_numbers_and_harmless_ones_are_always_there() -> None:
    found = rules((Device(path="/dev/loop0", access="rw"), Device(path="/dev/kmsg")))
    assert found[: len(HARMLESS)] == HARMLESS
    assert [str(rule) for rule in found[len(HARMLESS) :]] == ["b 7:0 rw", "c 1:11 rwm"]


def test_all_pseudo_terminals_are_one_rule() -> None:
    assert "c 136:* rwm" in map(str, HARMLESS)


@pytest.mark.parametrize(
    ("device", "text"),
    [
        (Device(path="/nowhere"), "device '/nowhere': .*No such file"),
        (Device(path="/etc/passwd"), "device '/etc/passwd': is no device"),
        (Device(path="/dev/null", access="x"), "access 'x' must be made of r, w and m"),
        (Device(path="/dev/null", access=""), "access '' must be made of r, w and m"),
        (Device(path="/dev/\0"), "null byte"),
    ],
)
def test_what_is_no_device_is_refused_by_name(device: Device, text: str) -> None:
    with pytest.raises(CgroupError, match=text):
        rules((device,))
