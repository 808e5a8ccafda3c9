from __future__ import annotations

from transport.http.limits import HttpLimits


def test_connections_leave_descriptors_for_other_things() -> None:
    limits = HttpLimits(connections=1_000)
    assert limits.within(1_024).connections == 512
    assert limits.within(65_536).connections == 1_000
    assert limits.within(1).connections == 1
