"""The newest version of each variable in the log, and which positions nobody needs any more."""

from __future__ import annotations

from typing import Final

from actors.log import entry
from actors.state.variable import Variable
from transport.messages.replication import Action, Kind

#: A truncation costs as much as a write: it must give up so many positions, or so many bytes.
TRUNCATE_POSITIONS: Final = 32
TRUNCATE_BYTES: Final = 1 << 20


class Shelf:
    """Filled with the log's values in their order."""

    def __init__(self) -> None:
        self._variables: dict[str, Variable] = {}
        #: By variable: where its newest version stands.
        self._positions: dict[str, int] = {}
        #: By position, in their order: the size of each value that is not given up.
        self._sizes: dict[int, int] = {}

    def get(self, name: str) -> Variable:
        """The newest version; an empty one when there is none."""
        return self._variables.get(name, Variable())

    def put(self, position: int, action: Action | None) -> None:
        """Take the next value; None for one that was given up. Raises EntryError for a strange one."""
        if action is None:
            return
        self._sizes[position] = len(action.content)
        if action.kind is Kind.TRUNCATE:
            self._sizes = {at: size for at, size in self._sizes.items() if at >= action.to}
        elif action.kind is Kind.APPEND:
            try:
                name, variable = entry.decode(action.content)
            except entry.EntryError as error:
                raise entry.EntryError(f"position {position} of the log: {error}") from error
            self._variables[name] = variable
            self._positions[name] = position

    @property
    def useless_before(self) -> int:
        """The position before which enough is useless to be given up; 0 for none."""
        if not self._positions:
            return 0
        needed = min(self._positions.values())
        useless = [size for at, size in self._sizes.items() if at < needed]
        worth = len(useless) >= TRUNCATE_POSITIONS or sum(useless) >= TRUNCATE_BYTES
        return needed if worth else 0

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves."""
        assert self._variables.keys() == self._positions.keys(), "a variable stands nowhere"
        assert all(at in self._sizes for at in self._positions.values()), "a variable was given up"
