"""All places at which a daemon can be made to die, as they are found in its code."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_POINT = re.compile(r"""fault\(\s*["']([a-z_]+(?:\.[a-z_]+)+)["']""")
#: What runs in the process of an agent, and in that of its executor node.
_AGENT = ("actors/agent",)
_NODE = ("actors/executor", "containerizers")


def of_agent() -> tuple[str, ...]:
    """In an order."""
    return _found(_AGENT)


def of_executor_node() -> tuple[str, ...]:
    """In an order."""
    return _found(_NODE)


def _found(places: tuple[str, ...]) -> tuple[str, ...]:
    files = [file for place in places for file in (_ROOT / place).rglob("*.py")]
    return tuple(sorted({point for file in files for point in _POINT.findall(file.read_text())}))
