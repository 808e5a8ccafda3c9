"""The sandboxes of an agent as files that it shows (mesos-protocol.md §5.2b)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from actors.agent import paths
from actors.agent.checkpoints import unseal
from actors.gateway.attached import Place

#: From an agent's folder to a sandbox; below the work directory, `slaves` and an agent's id come first.
_BELOW_AGENT: Final = ("frameworks", "executors", "runs")
#: Where the sandboxes of containers without executors are.
_CONTAINERS: Final = "containers"
#: The place of a container's id among those of a path.
_CONTAINER_LEVEL: Final = 3


class AttachedSandboxes:
    """Every sandbox, for as long as it is there, under its real path.

    `latest` may stand for the id of an executor's container. What runs on this agent, and did since it was
    registered, is also at `/frameworks/F/executors/E/runs/latest`. Containers that operators launched by
    themselves have their sandboxes beside those of executors.
    """

    def __init__(self, work_dir: Path) -> None:
        self._work_dir = Path(os.path.realpath(work_dir))
        self._prefixes = tuple(
            prefix.parts[1:] for prefix in dict.fromkeys((self._work_dir, work_dir.absolute()))
        )

    def place(self, parts: Sequence[str]) -> Place | None:
        """See `Attached.place`."""
        parts = tuple(parts)
        for prefix in self._prefixes:
            if parts[: len(prefix)] == prefix and len(parts) >= len(prefix) + 2:
                folder, identifier, *inner = parts[len(prefix) :]
                if folder == paths.AGENTS:
                    return self._sandbox((identifier,), tuple(inner))
                if folder == _CONTAINERS and paths.part_error(_CONTAINER_LEVEL, identifier) is None:
                    return Place(self._work_dir / folder / identifier, tuple(inner))
        if parts[:1] == _BELOW_AGENT[:1]:
            return self._sandbox(self._own_id(), parts)
        return None

    def roots(self) -> Iterator[tuple[str, Path]]:
        """See `Attached.roots`."""
        for pattern in ("slaves/*/frameworks/*/executors/*/runs/*", f"{_CONTAINERS}/*"):
            for sandbox in sorted(self._work_dir.glob(pattern)):
                if not sandbox.is_symlink():
                    yield str(sandbox), sandbox

    def _sandbox(self, agent: tuple[str, ...], parts: tuple[str, ...]) -> Place | None:
        names, ids, inner = parts[:6:2], parts[1:6:2], parts[6:]
        if names != _BELOW_AGENT or len(agent + ids) != 4:
            return None
        try:
            runs = self._work_dir / paths.folder_of(paths.sandboxes(*agent, *ids[:2], "run"))
            run = str((runs / paths.LATEST).readlink()) if ids[2] == paths.LATEST else ids[2]
            sandbox = self._work_dir / paths.sandboxes(*agent, *ids[:2], run)
        except (OSError, ValueError):
            return None
        return Place(sandbox, inner)

    def _own_id(self) -> tuple[str, ...]:
        try:
            return (unseal((self._work_dir / paths.LATEST_AGENT).read_bytes()),)
        except (OSError, ValueError):
            return ()
