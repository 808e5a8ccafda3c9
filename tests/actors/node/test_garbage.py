from __future__ import annotations

import gc

from actors.node.garbage import collect_seldom


def test_what_was_there_is_left_alone_and_new_garbage_is_looked_for_seldom() -> None:
    threshold = gc.get_threshold()
    try:
        collect_seldom()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > 10 * threshold[0]
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
