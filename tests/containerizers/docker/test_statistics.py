"""What dockerd says that containers use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from containerizers.containerizer import Usage
from containerizers.docker.statistics import usage_of
from tests.containerizers.docker.fake_dockerd import Exchange, FakeDockerd
from tests.containerizers.docker.harbour import harbour

STATS: dict[str, Any] = {
    "cpu_stats": {
        "cpu_usage": {"usage_in_usermode": 1_500_000_000, "usage_in_kernelmode": 500_000_000},
        "throttling_data": {"periods": 4, "throttled_periods": 3, "throttled_time": 2_000_000_000},
    },
    "memory_stats": {"usage": 100, "limit": 200, "stats": {"total_rss": 50}},
    "pids_stats": {"current": 7},
    "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 3, "tx_bytes": 4}},
}


def test_it_is_read() -> None:
    assert usage_of(STATS) == Usage(
        processes=7,
        threads=7,
        user_seconds=1.5,
        system_seconds=0.5,
        memory_bytes=50,
        cpu_periods=4,
        throttled_periods=3,
        throttled_seconds=2.0,
        total_memory_bytes=100,
        memory_limit_bytes=200,
        received_bytes=4,
        sent_bytes=6,
    )
    bare = {"cpu_stats": {"cpu_usage": {"usage_in_usermode": 0, "usage_in_kernelmode": 0}}}
    assert usage_of(bare).received_bytes is None


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"cpu_stats": None},
        STATS | {"memory_stats": 3},
        STATS | {"networks": {"eth0": {}}},
        STATS | {"pids_stats": {"current": "x"}},
    ],
)
def test_what_is_no_answer_is_told(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="dockerd tells of no"):
        usage_of(answer)


def test_dockerd_is_asked_where_the_kernel_shows_nothing(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        for name in ("a", "b"):
            one.launch(name, "true")
        dockerd.plan("GET /containers/mesos-a/stats", lambda exchange: exchange.say(200, STATS))
        dockerd.plan("GET /containers/mesos-b/stats", Exchange.truncate)
        usage = one.docker.usage()
        assert list(usage) == ["a"]
        assert usage["a"].processes == 7
