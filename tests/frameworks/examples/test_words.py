"""Counting words in parts, each part once."""

from __future__ import annotations

import pytest

from frameworks.examples.words import Job, JobError, count_words, divide

PARTS = (("a", "b"), ("c",), ("d",))


def begun(job: Job) -> str:
    found = job.begin()
    assert found is not None
    return found[0]


def test_words_are_counted_whatever_their_case() -> None:
    assert count_words("To be, or not to be: that's the question.") == {
        "to": 2, "be": 2, "or": 1, "not": 1, "that": 1, "the": 1, "question": 1
    }  # fmt: skip


def test_files_are_shared_out_evenly_and_each_once() -> None:
    files = [(f"f{number}", number) for number in range(20)]
    parts = divide(files, 4)
    assert sorted(path for part in parts for path in part) == sorted(path for path, _ in files)
    sizes = [sum(int(path[1:]) for path in part) for part in parts]
    assert max(sizes) - min(sizes) <= 19
    assert divide(files[:2], 4) == (("f1",), ("f0",))
    assert divide([], 4) == ((),)


def test_each_part_is_begun_once_and_added_once() -> None:
    job = Job(PARTS)
    tasks = [begun(job) for _ in PARTS]
    assert job.begin() is None
    assert not job.waits
    assert job.running == tuple(tasks)
    for task_id in (*tasks, *tasks):
        job.finish(task_id, {"word": 2})
    assert job.words == {"word": 6}
    assert job.done
    assert job.progress == (3, 3)


def test_a_part_that_is_lost_is_begun_again_by_another_task() -> None:
    job = Job(PARTS[:1])
    first = begun(job)
    job.fail(first, "lost")
    second = begun(job)
    assert second != first
    job.fail(first, "lost")
    assert not job.waits
    job.finish(second, {"word": 1})
    assert job.words == {"word": 1}


def test_a_task_that_was_given_up_too_early_spares_others_the_work() -> None:
    job = Job(PARTS[:1])
    first = begun(job)
    job.fail(first, "lost")
    job.finish(first, {"word": 1})
    assert job.done
    assert not job.waits
    assert job.begin() is None


def test_what_fails_again_and_again_is_given_up_with_the_reason() -> None:
    job = Job(PARTS)
    with pytest.raises(JobError, match="part 1 failed 20 times, the last time for: no such file"):
        for _ in range(30):
            job.fail(begun(job), "no such file")
