from __future__ import annotations

import pytest

from actors.master.allocator.lanes import Lanes


def test_what_is_packed_can_be_unpacked_whatever_came_later() -> None:
    lanes = Lanes()
    packed = lanes.pack({"cpus": 4000, "mem": 1})
    lanes.pack({"gpus": 7})

    assert lanes.unpack(packed) == {"cpus": 4000, "mem": 1}


def test_sums_and_differences_are_those_of_each_name() -> None:
    lanes = Lanes()
    packed = lanes.pack({"cpus": 4000}) + lanes.pack({"mem": 5, "cpus": 1}) - lanes.pack({"cpus": 4001})

    assert lanes.unpack(packed) == {"mem": 5}


def test_ten_million_of_the_largest_agents_do_not_spill_over() -> None:
    lanes = Lanes()
    largest = {"cpus": 2**53 * 1000, "mem": 2**53 * 1000}

    assert lanes.unpack(lanes.pack(largest) * 10**7) == dict.fromkeys(largest, 2**53 * 10**10)


@pytest.mark.parametrize("amount", [-1, 2**72])
def test_what_no_sum_has_room_for_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="cpus: must be from 0"):
        Lanes().pack({"cpus": amount})
