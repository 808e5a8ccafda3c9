from __future__ import annotations

import resource

import pytest

from containerizers.linux.rlimits import NAMES, RLimitError, plan
from containerizers.spec import Isolation, RLimit


def test_names_stand_for_the_kernels_numbers() -> None:
    for name in ("cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as"):
        assert NAMES.index(name) == getattr(resource, f"RLIMIT_{name.upper()}")
    for name in ("sigpending", "msgqueue", "nice", "rtprio", "rttime"):
        assert NAMES.index(name) == getattr(resource, f"RLIMIT_{name.upper()}")
    assert NAMES.index("locks") == 10


def test_a_limit_is_two_numbers_and_none_is_unlimited() -> None:
    limits = (RLimit(name="nofile", soft=10, hard=20), RLimit(name="core"), RLimit(name="cpu", soft=5))
    assert plan(Isolation(rlimits=limits)) == (("nofile", 7, 10, 20), ("core", 4, -1, -1), ("cpu", 0, 5, -1))


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ((RLimit(name="files"),), "'files': there is no such limit; there are cpu, "),
        ((RLimit(name="RLIMIT_CPU"),), "there is no such limit"),
        ((RLimit(name="cpu"), RLimit(name="cpu")), "'cpu': must be there but once"),
        ((RLimit(name="cpu", soft=2, hard=1),), "'cpu': the soft limit must not be above the hard one"),
        ((RLimit(name="cpu", hard=1),), "'cpu': the soft limit must not be above the hard one"),
        ((RLimit(name="cpu", soft=-5),), "'cpu': must not be negative"),
    ],
)
def test_what_cannot_be_is_refused_by_name(limits: tuple[RLimit, ...], text: str) -> None:
    with pytest.raises(RLimitError, match=text):
        plan(Isolation(rlimits=limits))
