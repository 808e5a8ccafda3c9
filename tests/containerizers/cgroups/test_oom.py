from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from containerizers.cgroups.oom import v1_watch, v2_watch
from containerizers.cgroups.tree import MissingError, Tree


def test_a_change_of_the_events_of_v2_is_heard_until_it_is_read(tmp_path: Path) -> None:
    events = tmp_path / "memory.events"
    events.write_text("oom 0\n", encoding="ascii")
    watch = v2_watch(str(tmp_path))
    assert watch is not None
    try:
        assert select.select([watch], [], [], 0)[0] == []
        events.write_text("oom 1\n", encoding="ascii")
        assert select.select([watch], [], [], 30)[0] == [watch]
        os.read(watch, 4096)
        assert select.select([watch], [], [], 0)[0] == []
    finally:
        os.close(watch)


def test_where_there_is_no_group_nothing_can_be_watched_and_nothing_is_left_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(MissingError, match=r"memory\.oom_control: cannot be watched: No such file"):
        v1_watch(Tree(), str(tmp_path))
    with pytest.raises(MissingError, match=r"memory\.events: cannot be watched: No such file"):
        v2_watch(str(tmp_path))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
