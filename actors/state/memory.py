"""A store that keeps nothing beyond its own life (`--registry=in_memory`)."""

from __future__ import annotations

from actors.state.store import Store, Variable


class MemoryStore(Store):
    """Keeps variables in memory."""

    def __init__(self) -> None:
        self._variables: dict[str, Variable] = {}

    def load(self, name: str) -> Variable:
        """See `Store.load`."""
        return self._variables.get(name, Variable())

    def keep(self, name: str, variable: Variable) -> None:
        """See `Store.keep`."""
        self._variables[name] = variable
