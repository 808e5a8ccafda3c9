"""What disks and people do to a log's files is noticed; `python -m tests.benchmarks log` tries more."""

from __future__ import annotations

import random

from tests.actors.log.corruption import (
    COUNTED,
    examine,
    flip,
    specimen,
    trials,
    truncate,
    truncate_marks,
)


def test_every_bit_flip_and_truncation_is_detected_and_other_damage_at_least_does_no_harm() -> None:
    outcomes = list(trials(random.Random(1), 5_000))
    assert len({outcome.damage for outcome in outcomes}) == 8
    assert sum(outcome.damage in COUNTED for outcome in outcomes) > 3_500
    assert [one for one in outcomes if not one.detected and one.damage in COUNTED] == []
    assert [one for one in outcomes if not (one.detected or one.whole)] == []


def test_a_flipped_bit_is_detected_after_a_power_cut_too() -> None:
    rng = random.Random(3)
    for _ in range(20):
        one = specimen(rng, rng.randint(1, 30))
        assert examine("none", one.platter, one.records).whole
        for _ in range(30):
            assert examine("bit flip", flip(rng, one.platter), one.records).detected


def test_each_single_bit_of_a_small_log_counts() -> None:
    one = specimen(random.Random(4), 3)
    for path, content in one.files.items():
        for bit in range(8 * len(content)):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            assert examine("bit flip", {**one.files, path: bytes(changed)}, one.records).detected, (path, bit)


def test_each_truncation_of_a_segment_counts() -> None:
    one = specimen(random.Random(5), 3)
    for path, content in one.files.items():
        if "segment" in path:
            for size in range(len(content)):
                assert examine("truncation", {**one.files, path: content[:size]}, one.records).detected


def test_the_loss_of_marks_alone_does_no_harm() -> None:
    rng = random.Random(6)
    for _ in range(200):
        one = specimen(rng, rng.randint(1, 10))
        outcome = examine("truncated marks", truncate_marks(rng, one.files), one.records)
        assert (outcome.detected, outcome.whole) == (False, True)


def test_only_the_end_of_a_log_can_get_lost_with_its_marks() -> None:
    """What cannot be told here is what the other replicas are asked about: is ours an older state?"""
    rng = random.Random(7)
    for _ in range(200):
        one = specimen(rng, rng.randint(2, 20))
        outcome = examine("both", truncate(rng, truncate_marks(rng, one.files)), one.records)
        if not outcome.detected:
            assert not outcome.whole
