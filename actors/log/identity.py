"""Ids of replicas: made up at random, and greater than those that went before at the same address."""

from __future__ import annotations

import random
import re
from typing import Final

_FORM: Final = re.compile(r"([0-9a-f]{8})-[0-9a-f]{12}")


def make_identity(rng: random.Random, above: str = "") -> str:
    """A new id, greater than `above` by the order of strings: its generation is one more."""
    match = _FORM.fullmatch(above)
    generation = int(match[1], 16) + 1 if match else 1
    return f"{generation:08x}-{rng.getrandbits(48):012x}"
