from __future__ import annotations

import random

import pytest

from containerizers.fetcher.cache import Cache, Entry, Key


def kept(cache: Cache, key: Key, size: int) -> Entry:
    entry = cache.add(key)
    assert cache.reserve(entry, size) is not None
    entry.is_complete = True
    return entry


def test_what_was_wanted_least_lately_goes_first() -> None:
    cache = Cache(10)
    one, two, three = (kept(cache, (None, name), 3) for name in ("one", "two", "three"))
    cache.hold(one)
    cache.release(one)
    new = cache.add((None, "new"))
    assert cache.reserve(new, 4) == (two,)
    assert cache.find((None, "two")) is None
    assert cache.used_bytes == 10
    assert cache.reserve(cache.add((None, "newer")), 5) == (three, one)


def test_what_is_held_or_under_way_stays() -> None:
    cache = Cache(10)
    held = kept(cache, (None, "held"), 4)
    cache.hold(held)
    under_way = cache.add((None, "under way"))
    assert cache.reserve(under_way, 4) == ()
    new = cache.add((None, "new"))
    assert cache.reserve(new, 3) is None
    assert cache.used_bytes == 8
    cache.release(held)
    assert cache.reserve(new, 3) == (held,)


def test_what_is_larger_than_all_of_it_drives_nothing_out() -> None:
    cache = Cache(10)
    one = kept(cache, (None, "one"), 10)
    assert cache.reserve(cache.add((None, "new")), 11) is None
    assert cache.find((None, "one")) is one


def test_users_do_not_share_what_they_fetched() -> None:
    cache = Cache(10)
    kept(cache, ("one", "uri"), 1)
    assert cache.find(("two", "uri")) is None
    assert cache.find((None, "uri")) is None


def test_what_was_dropped_while_it_was_held_is_another_one_s_no_more() -> None:
    cache = Cache(10)
    old = kept(cache, (None, "uri"), 3)
    cache.hold(old)
    cache.drop(old)
    new = kept(cache, (None, "uri"), 4)
    cache.hold(old)
    cache.drop(old)
    cache.release(old)
    cache.release(old)
    assert cache.find((None, "uri")) is new
    assert cache.used_bytes == 4


class Model:
    """What a cache should do, said as plainly as can be: a list, least lately wanted first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: Key, size, whether it is complete, holders.
        self.rows: list[list[int]] = []

    def used(self) -> int:
        return sum(row[1] for row in self.rows)

    def reserve(self, key: int, size: int) -> list[int] | None:
        free = [row for row in self.rows if row[2] and not row[3]]
        if self.used() + size - sum(row[1] for row in free) > self.limit:
            return None
        gone = []
        while self.used() + size > self.limit:
            gone.append(free[0][0])
            self.rows.remove(free.pop(0))
        self.row(key)[1] = size
        return gone

    def row(self, key: int) -> list[int]:
        return next(row for row in self.rows if row[0] == key)


@pytest.mark.parametrize("seed", range(20))
def test_it_does_what_a_plain_list_would(seed: int) -> None:
    rng = random.Random(seed)
    cache, model = Cache(20), Model(20)
    for _ in range(400):
        key = rng.randrange(8)
        name = (None, str(key))
        entry = cache.find(name)
        assert (entry is not None) == any(row[0] == key for row in model.rows)
        if entry is None:
            entry = cache.add(name)
            model.rows.append([key, 0, 0, 0])
            size = rng.randrange(1, 12)
            gone = cache.reserve(entry, size)
            expected = model.reserve(key, size)
            assert (None if gone is None else [int(one.key[1]) for one in gone]) == expected
            if gone is None:
                cache.drop(entry)
                model.rows.remove(model.row(key))
            elif rng.random() < 0.8:
                entry.is_complete = True
                model.row(key)[2] = 1
        else:
            row = model.row(key)
            step = rng.randrange(4)
            if step == 0:
                entry.is_complete = True
                row[2] = 1
            elif step == 1:
                cache.hold(entry)
                row[3] += 1
                model.rows.remove(row)
                model.rows.append(row)
            elif step == 2 and row[3]:
                cache.release(entry)
                row[3] -= 1
            elif not row[3]:
                cache.drop(entry)
                model.rows.remove(row)
        assert cache.used_bytes == model.used()
        cache.check_invariants()
