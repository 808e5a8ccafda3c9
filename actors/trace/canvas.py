"""One line of a terminal, drawn piece by piece."""

from __future__ import annotations

from typing import NamedTuple

from actors.trace.wording import letter_width


class Pen(NamedTuple):
    """The characters that a diagram is drawn with, and whether in colour."""

    vertical: str
    #: Where an arrow leaves a lifeline to the right, and to the left.
    leaves_right: str
    leaves_left: str
    horizontal: str
    dashed: str
    #: Marks what an actor does by itself.
    own: str
    ellipsis: str
    dot: str
    unicode: bool
    colour: bool

    def spell(self, text: str) -> str:
        """`text` in characters that the terminal has."""
        if self.unicode or text.isascii():
            return text
        for fancy, plain in (("·", "-"), ("…", "...")):
            text = text.replace(fancy, plain)
        return text.encode("ascii", "backslashreplace").decode()


def pen(*, unicode: bool, colour: bool) -> Pen:
    """Box characters where the terminal has them, else ASCII."""
    if unicode:
        return Pen("│", "├", "┤", "─", "╌", "●", "…", "·", unicode=True, colour=colour)
    return Pen("|", "|", "|", "-", "-", "*", "...", "-", unicode=False, colour=colour)


#: Styles by their escape sequences (SGR parameters).
STYLES = {
    "": "",
    "name": "1",
    "type": "36",
    "time": "2",
    "line": "2",
    "said": "",
    "bad": "1;31",
    "note": "33",
}


class Line:
    """A line of cells that grows as far as is drawn on it; what is drawn later covers what is there."""

    def __init__(self, pen: Pen) -> None:
        self._pen = pen
        self._cells: list[str] = []
        self._styles: list[str] = []

    def put(self, column: int, text: str, style: str = "") -> None:
        """Draw `text` from `column` on."""
        for letter in text:
            cells = letter_width(letter)
            if cells == 0:  # belongs to the letter before it
                if column:
                    self._reach(column)
                    self._cells[column - 1] += letter
                continue
            self._reach(column + cells)
            self._cells[column] = letter
            self._styles[column] = style
            if cells == 2:
                self._cells[column + 1] = ""
                self._styles[column + 1] = style
            column += cells

    def __str__(self) -> str:
        if not self._pen.colour:
            return "".join(self._cells).rstrip()
        drawn = ""
        present = ""
        for cell, style in zip(self._cells, self._styles, strict=True):
            if STYLES[style] != present and cell != " ":
                drawn += "\x1b[0m" if present else ""
                present = STYLES[style]
                drawn += f"\x1b[{present}m" if present else ""
            drawn += cell
        return drawn.rstrip() + ("\x1b[0m" if present else "")

    def _reach(self, columns: int) -> None:
        missing = columns - len(self._cells)
        if missing > 0:
            self._cells += [" "] * missing
            self._styles += [""] * missing
