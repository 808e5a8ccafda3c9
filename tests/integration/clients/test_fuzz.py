"""A short run of the fuzzer; `python -m tests.integration.clients.fuzz` is a long one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.clients.cast import Cast
from tests.integration.clients.daemons import Local
from tests.integration.clients.fuzz import Fuzz, Keeping

_CASES = 1_500


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    """A cluster of which nobody wants anything afterwards."""
    with Local(tmp_path) as cluster:
        yield cluster


def test_nothing_that_is_sent_makes_a_daemon_fail_hang_or_keep_more(
    local: Local, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is made once, and kept, is no leak.
    with Cast(local) as cast:
        warm = Fuzz(local, cast, seed=0)
        warm.run(_CASES // 3)
        keeping = Keeping(local)
        fuzz = Fuzz(local, cast, seed=1)
        fuzz.run(_CASES)
    with capsys.disabled():
        print(f"\n{fuzz.kinds.total()} cases, answers: {dict(sorted(fuzz.statuses.items()))}")  # noqa: T201
    assert [*warm.faults, *fuzz.faults, *keeping.check()] == []
    assert len(fuzz.kinds) == 12
