from __future__ import annotations

from actors import __version__
from actors.build import version_info


def test_the_build_tells_both_versions_and_its_time_in_two_forms() -> None:
    told = version_info()
    assert told.build_user == f"pion {__version__}"
    assert told.build_time is not None
    assert told.build_time > 0
    assert told.build_date is not None
    assert len(told.build_date) == len("2026-11-22 05:42:04")
