from __future__ import annotations

from actors.log.concern import LASTS_SECONDS, REPEAT_SECONDS, Concern, Word


def test_what_passes_at_once_is_not_worth_a_word() -> None:
    concern = Concern()
    assert concern.consider("cold", 10.0, urgent=True) is None
    assert concern.consider(None, 10.9, urgent=True) is None
    assert concern.consider(None, 30.0, urgent=True) is None


def test_what_lasts_is_said_once_and_taken_back_when_it_is_over() -> None:
    concern = Concern()
    concern.consider("cold", 10.0, urgent=False)
    assert concern.consider("cold", 10.0 + LASTS_SECONDS, urgent=False) is Word.WARN
    assert concern.consider("cold", 99.0, urgent=False) is None
    assert concern.consider(None, 100.0, urgent=False) is None
    assert concern.consider(None, 101.0, urgent=False) is Word.ALL_WELL
    assert concern.consider(None, 200.0, urgent=False) is None


def test_what_is_urgent_is_said_again_and_again() -> None:
    concern = Concern()
    said = [now for now in range(40) if concern.consider("cold", float(now), urgent=True) is Word.WARN]
    assert said == [LASTS_SECONDS + REPEAT_SECONDS * number for number in range(4)]


def test_another_thing_is_said_as_soon_as_it_lasts() -> None:
    concern = Concern()
    for now in range(3):
        concern.consider("cold", float(now), urgent=False)
    assert concern.consider("dark", 3.0, urgent=False) is None
    assert concern.consider("dark", 4.0, urgent=False) is Word.WARN
