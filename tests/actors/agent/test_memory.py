"""What an agent told lately that it is over."""

from __future__ import annotations

from actors.agent.memory import Memory


def test_a_task_rests_for_a_while_and_is_known_for_longer() -> None:
    memory = Memory()
    memory.end_task("f1", "t1", 10.0)
    assert memory.rests("f1", "t1", 12.9)
    assert not memory.rests("f1", "t1", 13.0)
    assert memory.knows_task("f1", "t1")
    assert not memory.knows_task("f2", "t1")


def test_the_last_end_of_a_task_counts() -> None:
    memory = Memory()
    memory.end_task("f1", "t1", 10.0)
    memory.end_task("f1", "t1", 20.0)
    assert memory.rests("f1", "t1", 20.5)


def test_only_so_much_is_remembered() -> None:
    memory = Memory()
    for number in range(10_001):
        memory.end_task("f1", f"t{number}", 0.0)
    assert not memory.knows_task("f1", "t0")
    assert memory.knows_task("f1", "t1")
    for number in range(1_001):
        memory.end_framework(f"f{number}")
    assert not memory.ended("f0")
    assert memory.ended("f1")
