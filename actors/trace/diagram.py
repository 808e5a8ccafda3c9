"""Draws messages as a sequence diagram for the terminal: one column for each actor, time going down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from actors.trace.canvas import Line, Pen, pen
from actors.trace.layout import GUTTER, Row, arrange
from actors.trace.merge import Step
from actors.trace.record import hexadecimal
from actors.trace.sheet import Sheet, style_of
from actors.trace.wording import duration, elide, elide_name, moment, printable, sentence, width, wrap

#: Cells that the two actors of a listed message may take.
_ROUTE_CELLS = 32
_LISTED_LINES = 2
_NAME_CELLS = 32


def draw(
    steps: Sequence[Step],
    *,
    title: str,
    notes: Sequence[str] = (),
    columns: int = 80,
    unicode: bool = True,
    colour: bool = False,
    rows: int | None = None,
) -> str:
    """The diagram of `steps`, which stand in causal order, at most `columns` wide.

    `rows` is how many messages are drawn at most. `unicode` and `colour` are for terminals that have them.
    """
    diagram = _Diagram(steps, rows, columns, pen(unicode=unicode, colour=colour))
    return "\n".join(map(str, diagram.lines(title, notes)))


def shorten(actors: Sequence[str]) -> list[str]:
    """Names of actors, `name@host:port`, without what does not tell them apart."""
    spelled = list(map(_spellings, actors))
    counts = [Counter(spellings[level] for spellings in spelled) for level in range(3)]
    return [
        next((name for level, name in enumerate(spellings) if counts[level][name] == 1), spellings[-1])
        for spellings in spelled
    ]


class _Diagram:
    def __init__(self, steps: Sequence[Step], rows: int | None, columns: int, pen: Pen) -> None:
        self._steps = steps
        self._drawn = steps[:rows]
        self._columns = columns
        self._pen = pen
        self._began = min((step.sent for step in steps), default=0.0)
        self._traces = len({step.trace for step in steps})
        actors = list(dict.fromkeys(actor for step in self._drawn for actor in (step.sender, step.to)))
        self._names = {
            actor: elide_name(pen.spell(printable(name)), _NAME_CELLS, pen.ellipsis)
            for actor, name in zip(actors, shorten(actors), strict=True)
        }

    def lines(self, title: str, notes: Iterable[str]) -> list[Line]:
        """All of it."""
        lines = [self._text(title, "name"), self._text(self._summary(), "time")]
        lines += [self._text(text, "time") for text in self._residents()]
        lines.append(Line(self._pen))
        if self._drawn:
            lines += self._rows()
        notes = [*notes]
        if len(self._drawn) < len(self._steps):
            notes.append(f"{len(self._steps) - len(self._drawn)} more messages are not drawn")
        if notes:
            lines.append(Line(self._pen))
        for note in notes:
            lines += [
                self._text(part, "note")
                for part in wrap(self._pen.spell(note), self._columns, 4, self._pen.ellipsis)
            ]
        return lines

    def _rows(self) -> list[Line]:
        places = {actor: place for place, actor in enumerate(self._names)}
        rows = [Row(step, places[step.sender], places[step.to]) for step in self._drawn]
        names = list(self._names.values())
        layout = arrange(names, rows, self._columns)
        if layout is None:
            return self._listed()
        sheet = Sheet(layout, self._columns, self._pen)
        lines = [sheet.header(names)]
        for row in rows:
            if self._traces > 1 and row.step.after == 0:
                trace = row.step.trace
                headline = f"trace {hexadecimal(trace)}" if trace > 0 else "from an untraced node"
                lines += [sheet.pause(), sheet.pause(headline)]
            elif len(lines) == 1:
                lines.append(sheet.pause())
            lines += sheet.message(row, self._time(row.step))
        return lines

    def _listed(self) -> list[Line]:
        """One message after the other, for when there are too many actors to draw."""
        routes = [route(step, self._names) for step in self._drawn]
        widest = min(_ROUTE_CELLS, max(map(width, routes)))
        column = GUTTER + widest + 2
        lines = []
        for step, text in zip(self._drawn, routes, strict=True):
            room = self._columns - column
            # Lines break at blanks and are not quite filled.
            said = self._pen.spell(sentence(step, room * _LISTED_LINES * 3 // 4))
            parts = wrap(said, room, _LISTED_LINES, self._pen.ellipsis)
            new = [Line(self._pen) for _ in parts]
            new[0].put(0, self._time(step), "time")
            new[0].put(GUTTER, elide(text, widest, self._pen.ellipsis), "name")
            for line, part in zip(new, parts, strict=True):
                line.put(column, part, style_of(step))
            lines += new
        return lines

    def _summary(self) -> str:
        actors = {actor for step in self._steps for actor in (step.sender, step.to)}
        ended = max((step.ended for step in self._steps), default=self._began)
        counts = (
            (len(self._steps), "message"),
            (len(actors), "actor"),
            (len({_address(actor) for actor in actors}), "node"),
        )
        parts = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts]
        return " · ".join([*parts, duration(ended - self._began), f"began {moment(self._began)}"])

    def _residents(self) -> list[str]:
        """Which actors live on which node, where there is more than one."""
        nodes: dict[str, list[str]] = {}
        for actor, name in self._names.items():
            nodes.setdefault(_address(actor), []).append(name)
        if len(nodes) < 2:
            return []
        widest = max(map(width, nodes))
        return [f"  {printable(node):<{widest}}  {', '.join(names)}" for node, names in nodes.items()]

    def _time(self, step: Step) -> str:
        arrived = step.started if step.outcome in ("handled", "crashed") else step.sent
        return f"+{arrived - self._began:.4f}s"

    def _text(self, text: str, style: str) -> Line:
        line = Line(self._pen)
        line.put(0, elide(self._pen.spell(text), self._columns, self._pen.ellipsis), style)
        return line


def route(step: Step, names: dict[str, str]) -> str:
    """`sender -> receiver`; one name for what an actor does by itself."""
    if step.sender == step.to:
        return names[step.to]
    arrow = {"lost": "-->x", "dropped": "-->x", "unseen": "-->?"}.get(step.outcome, "->")
    return f"{names[step.sender]} {arrow} {names[step.to]}"


def _spellings(actor: str) -> tuple[str, str, str]:
    name, address = actor.partition("@")[0] or "node", _address(actor)
    return name, f"{name}@{address.rpartition(':')[0]}", f"{name}@{address}"


def _address(actor: str) -> str:
    return actor.partition("@")[2]
