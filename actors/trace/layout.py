"""Where the columns of a sequence diagram stand, so that it fits the terminal.

Three ways, tried in this order: `beside` has the message's type on its arrow and what it says in a column
of its own at the right; `above` has both on lines of their own above the arrow, so that columns can stand
closer; when there are too many actors even for that, there is no layout, and a list must do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actors.trace.merge import Step
from actors.trace.wording import label, width

#: Cells of the time and the blanks after it.
GUTTER = 11
#: What an arrow needs beside its label: two blanks, two strokes and its head.
ARROW_CELLS = 5

#: The column of details is worth having from this width on.
_DETAIL_CELLS = 28
#: Labels on arrows are cut, if need be, but to no less than this.
_LABEL_CELLS = (40, 15)
#: The least and the greatest distance of two actors with labels above.
_CLOSEST, _WIDEST = 10, 26


class Layout(NamedTuple):
    """Cells, counted from the left edge."""

    #: The lifeline of each actor.
    lifelines: tuple[int, ...]
    #: Where the details begin; None when they stand above the arrow.
    details: int | None
    #: What an actor's name may take.
    name_cells: int


class Row(NamedTuple):
    """A message between two of the columns."""

    step: Step
    source: int
    target: int


def arrange(names: Sequence[str], rows: Sequence[Row], columns: int) -> Layout | None:
    """Lay out actors of these names in a terminal of `columns`; None when they do not fit."""
    most, least = _LABEL_CELLS
    for label_cells in range(most, least - 1, -1):
        lifelines = _apart(names, rows, label_cells)
        details = lifelines[-1] + 4
        if columns - details >= _DETAIL_CELLS:
            return Layout(lifelines, details, max(map(width, names)))
    distance = min(_WIDEST, (columns - GUTTER) // len(names))
    if distance < _CLOSEST:
        return None
    first = GUTTER + min(width(names[0]), distance) // 2
    return Layout(tuple(first + place * distance for place in range(len(names))), None, distance - 1)


def _apart(names: Sequence[str], rows: Sequence[Row], label_cells: int) -> tuple[int, ...]:
    """Lifelines so far apart that names, and labels of up to `label_cells` on arrows, fit between them."""
    needs: dict[tuple[int, int], int] = {}
    for row in rows:
        ends = min(row.source, row.target), max(row.source, row.target)
        cells = min(width(label(row.step)), label_cells) + ARROW_CELLS + 1
        needs[ends] = max(cells, needs.get(ends, 0))
    lifelines = [GUTTER + _half(names[0])]
    for place in range(1, len(names)):
        least = lifelines[-1] + _half(names[place - 1]) + _half(names[place]) + 2
        arrows = (lifelines[left] + cells for (left, right), cells in needs.items() if left < right == place)
        lifelines.append(max(least, *arrows, 0))
    return tuple(lifelines)


def _half(name: str) -> int:
    return (width(name) + 1) // 2
