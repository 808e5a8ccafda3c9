from __future__ import annotations

from transport.http.limits import HttpLimits


def test_connections_leave_most_descriptors_for_other_things() -> None:
    limits = HttpLimits(connections=1_000)
    assert limits.within(1_024).connections == 128
    assert limits.within(65_536).connections == 1_000
    assert limits.within(4).connections == 1
