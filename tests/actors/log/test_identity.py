from __future__ import annotations

import random

from actors.log.identity import make_identity


def test_ids_differ_and_each_is_greater_than_the_one_it_follows() -> None:
    rng = random.Random(1)
    assert make_identity(rng) != make_identity(rng)
    identity = ""
    for _ in range(20):
        following = make_identity(rng, identity)
        assert following > identity
        identity = following


def test_an_id_of_another_form_is_followed_by_a_first_one() -> None:
    assert make_identity(random.Random(1), "strange").startswith("00000001-")
