"""A store that keeps nothing beyond its own life (`--registry=in_memory`)."""

from __future__ import annotations

from actors.state.store import Store, Variable


class MemoryStore(Store):
    """Keeps variables in memory: in `variables`, if others are to find them there after it."""

    def __init__(self, variables: dict[str, Variable] | None = None) -> None:
        self._variables: dict[str, Variable] = {} if variables is None else variables

    def load(self, name: str) -> Variable:
        """See `Store.load`."""
        return self._variables.get(name, Variable())

    def keep(self, name: str, variable: Variable) -> None:
        """See `Store.keep`."""
        self._variables[name] = variable
