"""Control groups of containers."""

from __future__ import annotations

import pytest

from containerizers.docker.figures import Figures, group_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("4:memory:/docker/ab\n1:name=systemd:/docker/ab\n0::/\n", "docker/ab"),
        ("0::/system.slice/docker-ab.scope\n", "system.slice/docker-ab.scope"),
        ("0::/\n", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_the_group_of_a_container_is_the_deepest_one(text: str, path: str) -> None:
    assert group_path(text) == path


def test_of_who_is_gone_nothing_is_known() -> None:
    figures = Figures()
    assert figures.processes(0) == ()
    assert figures.usage(2**22) is None
