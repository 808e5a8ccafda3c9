"""When containers ended."""

from __future__ import annotations

import pytest

from containerizers.docker.removal import seconds_of


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("1970-01-02T00:00:00Z", 86_400.0),
        ("1970-01-02T00:00:00.123456789Z", 86_400.0),
        ("1970-01-02T01:30:00.1+01:30", 86_400.0),
        ("1970-01-01T22:00:00-02:00", 86_400.0),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
        ("", 0.0),
        ("yesterday", 0.0),
    ],
)
def test_a_moment_is_read_as_dockerd_writes_it(moment: str, seconds: float) -> None:
    assert seconds_of(moment) == seconds
