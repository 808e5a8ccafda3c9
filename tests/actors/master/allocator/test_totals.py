from __future__ import annotations

from fractions import Fraction
from random import Random

from actors.master.allocator.lanes import Lanes
from actors.master.allocator.totals import Totals


def test_scaled_shares_are_exact() -> None:
    lanes = Lanes()
    totals = Totals(lanes)
    totals.add(lanes.pack({"cpus": 7000, "mem": 30, "disk": 11}))
    scale = totals.scale

    shares = scale.shares(lanes.pack({"cpus": 1000, "mem": 20}))

    assert [Fraction(share, scale.whole) for share in shares] == [Fraction(1, 7), Fraction(2, 3), 0]


def test_excluded_names_and_names_of_which_there_is_nothing_have_no_share() -> None:
    lanes = Lanes()
    totals = Totals(lanes, excluded=["gpus"])
    totals.add(lanes.pack({"cpus": 1000, "gpus": 2000, "mem": 5}))
    totals.add(-lanes.pack({"mem": 5}))

    assert len(totals.scale.shares(lanes.pack({"gpus": 1000, "cpus": 500}))) == 1


def test_an_old_share_bounds_the_present_one_from_below() -> None:
    """Whoever is left out because of the bound would not have come first."""
    rng = Random(1)
    for _ in range(300):
        lanes = Lanes()
        totals = Totals(lanes)
        totals.add(lanes.pack({name: rng.randrange(1, 50) for name in ("cpus", "mem", "disk")}))
        old = totals.scale
        totals.add(lanes.pack({name: rng.randrange(0, 9) for name in ("cpus", "mem", "gpus")}))
        now = totals.scale
        left, right = old.least_change(now)
        mine, other = (lanes.pack({name: rng.randrange(9) for name in ("cpus", "mem", "disk")}) for _ in "12")

        if max(old.shares(mine)) * left > max(now.shares(other)) * right:
            assert Fraction(max(now.shares(mine)), now.whole) > Fraction(max(now.shares(other)), now.whole)


def test_nothing_is_known_of_shares_in_what_is_no_longer_there() -> None:
    lanes = Lanes()
    totals = Totals(lanes)
    totals.add(lanes.pack({"cpus": 5, "mem": 5}))
    old = totals.scale
    totals.add(-lanes.pack({"mem": 5}))

    assert old.least_change(totals.scale) == (0, 1)
