"""The rows of a sequence diagram, drawn between the lifelines of a layout."""

from __future__ import annotations

from collections.abc import Sequence

from actors.trace.canvas import Line, Pen
from actors.trace.layout import ARROW_CELLS, GUTTER, Layout, Row
from actors.trace.merge import Step
from actors.trace.wording import details, elide, elide_name, label, width, wrap

#: Lines that the details of one message may take, beside its arrow and above it.
_BESIDE_LINES, _ABOVE_LINES = 3, 3
#: A label above an arrow moves to the left rather than have less room than this.
_ABOVE_CELLS = 28

#: What stands in place of the lifeline that a message did not reach.
_ENDS = {"lost": "x", "dropped": "x", "unseen": "?"}


class Sheet:
    """Draws on lines of `columns` cells."""

    def __init__(self, layout: Layout, columns: int, pen: Pen) -> None:
        self._layout = layout
        self._columns = columns
        self._pen = pen

    def header(self, names: Sequence[str]) -> Line:
        """The actors' names above their lifelines."""
        line = Line(self._pen)
        for column, name in zip(self._layout.lifelines, names, strict=True):
            name = elide_name(name, self._layout.name_cells, self._pen.ellipsis)
            line.put(column - width(name) // 2, name, "name")
        return line

    def pause(self, text: str = "") -> Line:
        """A row without a message."""
        line = self._lifelines()
        column = self._layout.details
        line.put(self._layout.lifelines[0] + 2 if column is None else column, text, "time")
        return line

    def message(self, row: Row, time: str) -> list[Line]:
        """The rows of one message."""
        arrow = self._arrow(row)
        lines = self._above(row, arrow) if self._layout.details is None else self._beside(row, arrow)
        lines[0].put(0, time, "time")
        return lines

    def _lifelines(self) -> Line:
        line = Line(self._pen)
        for column in self._layout.lifelines:
            line.put(column, self._pen.vertical, "line")
        return line

    def _arrow(self, row: Row) -> Line:
        line, pen, style = self._lifelines(), self._pen, style_of(row.step)
        start, end = self._layout.lifelines[row.source], self._layout.lifelines[row.target]
        if start == end:
            line.put(start, pen.own, style or "type")
            return line
        stroke = pen.dashed if row.step.outcome in _ENDS else pen.horizontal
        rightwards = start < end
        line.put(min(start, end) + 1, stroke * (abs(end - start) - 1), style or "line")
        line.put(start, pen.leaves_right if rightwards else pen.leaves_left, style or "line")
        line.put(end - 1 if rightwards else end + 1, ">" if rightwards else "<", style or "line")
        if row.step.outcome in _ENDS:
            line.put(end, _ENDS[row.step.outcome], style)
        elif row.step.outcome == "crashed":
            line.put(end if rightwards else end - 1, "!!", style)
        return line

    def _beside(self, row: Row, arrow: Line) -> list[Line]:
        """The label on the arrow and the details at the right."""
        column = self._layout.details
        assert column is not None
        name, said = self._label(row.step), self._pen.spell(details(row.step))
        own = row.source == row.target
        if own:
            said = f"{name}  {said}".rstrip()
        else:
            self._write_on(arrow, row, name)
        parts = wrap(said, self._columns - column, _BESIDE_LINES, self._pen.ellipsis)
        lines = [arrow, *(self._lifelines() for _ in parts[1:])]
        for line, part in zip(lines, parts, strict=False):
            line.put(column, part, style_of(row.step))
        if own:
            arrow.put(column, elide(name, width(parts[0]), self._pen.ellipsis), style_of(row.step) or "type")
        return lines

    def _write_on(self, arrow: Line, row: Row, name: str) -> None:
        start, end = self._layout.lifelines[row.source], self._layout.lifelines[row.target]
        room = abs(end - start) - 1 - ARROW_CELLS
        text = f" {elide(name, room, self._pen.ellipsis)} "
        column = start + 2 if start < end else start - 1 - width(text)
        arrow.put(column, text, style_of(row.step) or "type")

    def _above(self, row: Row, arrow: Line) -> list[Line]:
        """The label and the details over the arrow, beginning at its left end where there is room."""
        own = row.source == row.target
        name, said = self._label(row.step), self._pen.spell(details(row.step))
        if own:
            name = f"{self._pen.own} {name}"
        text = f"{name}  {said}".rstrip()
        column = self._layout.lifelines[min(row.source, row.target)] + (0 if own else 2)
        room = min(width(text), _ABOVE_CELLS)
        if self._columns - column < room:
            column = max(GUTTER, self._columns - room)
        parts = wrap(text, self._columns - column, _ABOVE_LINES, self._pen.ellipsis)
        lines = [self._lifelines() for _ in parts]
        for line, part in zip(lines, parts, strict=True):
            line.put(column, f"{part} ", style_of(row.step))
        lines[0].put(column, elide(name, width(parts[0]), self._pen.ellipsis), style_of(row.step) or "type")
        return lines if own else [*lines, arrow]

    def _label(self, step: Step) -> str:
        return self._pen.spell(label(step))


def style_of(step: Step) -> str:
    """The style of a whole row, where something went wrong."""
    if step.outcome == "handled":
        return ""
    return "note" if step.outcome == "unseen" else "bad"
