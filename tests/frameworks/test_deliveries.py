"""Every update is delivered once, and acknowledged as often as it takes."""

from __future__ import annotations

from frameworks.deliveries import Deliveries, Delivery

NEW, PENDING, REPEATED = Delivery.NEW, Delivery.PENDING, Delivery.REPEATED


def test_an_update_is_new_once() -> None:
    deliveries = Deliveries()
    assert deliveries.take("t", b"1", over=False) is NEW
    assert deliveries.take("t", b"1", over=False) is PENDING
    deliveries.acknowledge("t", b"1")
    assert deliveries.take("t", b"1", over=False) is REPEATED
    assert deliveries.take("t", b"2", over=True) is NEW
    assert deliveries.take("t", b"2", over=True) is PENDING
    deliveries.acknowledge("t", b"2")
    assert deliveries.take("t", b"2", over=True) is REPEATED


def test_an_earlier_update_of_the_task_is_not_new_either() -> None:
    deliveries = Deliveries()
    for uuid in (b"1", b"2", b"3"):
        assert deliveries.take("t", uuid, over=False) is NEW
    assert deliveries.take("t", b"1", over=False) is PENDING
    deliveries.acknowledge("t", b"2")
    assert deliveries.take("t", b"2", over=False) is REPEATED


def test_what_has_no_uuid_is_always_new() -> None:
    deliveries = Deliveries()
    assert deliveries.take("t", None, over=False) is NEW
    assert deliveries.take("t", None, over=False) is NEW
    assert len(deliveries) == 0


def test_the_same_update_of_an_ended_task_that_is_not_over_after_all_is_known() -> None:
    deliveries = Deliveries()
    deliveries.take("t", b"1", over=False)
    deliveries.take("t", None, over=True)
    assert deliveries.take("t", b"1", over=False) is PENDING


def test_the_latest_update_of_every_live_task_is_remembered_whatever_the_limit() -> None:
    deliveries = Deliveries(limit=2)
    for task in range(10):
        deliveries.take(str(task), bytes([task]), over=False)
    assert all(deliveries.take(str(task), bytes([task]), over=False) is PENDING for task in range(10))


def test_of_ended_tasks_the_newest_are_remembered() -> None:
    deliveries = Deliveries(limit=3)
    for task in range(10):
        deliveries.take(str(task), bytes([task]), over=True)
    assert len(deliveries) == 3
    assert deliveries.take("7", b"\7", over=True) is PENDING
    assert deliveries.take("6", b"\6", over=True) is NEW


def test_an_acknowledgement_of_what_never_came_changes_nothing() -> None:
    deliveries = Deliveries()
    deliveries.acknowledge("t", b"1")
    assert deliveries.take("t", b"1", over=False) is NEW
