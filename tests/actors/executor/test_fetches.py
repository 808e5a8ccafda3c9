from __future__ import annotations

import threading
from pathlib import Path

from actors.executor.fetches import LateFetches
from containerizers.fetcher.order import Order, Wanted
from containerizers.fetcher.settings import FetchSettings, FetchStatistics

DEADLINE_SECONDS = 60.0


def late(folder: Path) -> LateFetches:
    return LateFetches(FetchSettings(cache_dir=str(folder / "cache"), cache_bytes=1000), lambda _point: None)


def test_what_nobody_wants_is_never_made(tmp_path: Path) -> None:
    fetches = late(tmp_path)
    fetches.clear()
    nothing = FetchStatistics(cache_total_bytes=1000, cache_used_bytes=0, succeeded=0, failed=0)
    assert fetches.statistics == nothing
    fetches.close()
    assert list(tmp_path.iterdir()) == []


def test_the_first_order_is_fetched_as_any_other(tmp_path: Path) -> None:
    source, box = tmp_path / "file", tmp_path / "box"
    source.write_text("hello")
    box.mkdir()
    fetches = late(tmp_path)
    over, errors = threading.Event(), list[str]()

    def done(error: str) -> None:
        errors.append(error)
        over.set()

    fetches.fetch(Order(directory=str(box), files=(Wanted(uri=str(source)),)), done)
    assert over.wait(DEADLINE_SECONDS)
    assert (errors, (box / "file").read_text()) == ([""], "hello")
    assert fetches.statistics.succeeded == 1
    fetches.close()
