"""Credit: what was dealt with is counted whoever deals with it."""

from __future__ import annotations

import threading

from transport.envelope import Credit, HeavyCredit


def test_each_step_asks_for_a_grant_once() -> None:
    grants: list[int] = []
    credit = Credit(4, lambda: grants.append(credit.returned))
    for _ in range(11):
        credit.spend()
    assert grants == [4, 8]
    assert credit.returned == 11


def test_a_large_message_counts_as_many() -> None:
    grants: list[int] = []
    credit = Credit(4, lambda: grants.append(credit.returned))
    HeavyCredit(credit, 9).spend()
    assert credit.returned == 9
    assert grants == [4, 8]


def test_no_message_is_lost_when_many_threads_count() -> None:
    grants: list[None] = []
    credit = Credit(100, lambda: grants.append(None))

    def spend() -> None:
        for _ in range(5_000):
            credit.spend()

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(grants) == 200
    credit.spend()
    assert credit.returned == 20_001
