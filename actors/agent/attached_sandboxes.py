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


class AttachedSandboxes:
    """Every sandbox, for as long as it is there, under its real path.

    `latest` may stand for the id of its container. What runs on this agent, and did since it was registered,
    is also at `/frameworks/F/executors/E/runs/latest`.
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
            length = len(prefix)
            if parts[:length] == prefix and parts[length : length + 1] == (paths.AGENTS,):
                return self._sandbox(parts[length + 1 : length + 2], parts[length + 2 :])
        if parts[:1] == _BELOW_AGENT[:1]:
            return self._sandbox(self._own_id(), parts)
        return None

    def roots(self) -> Iterator[tuple[str, Path]]:
        """See `Attached.roots`."""
        for run in sorted(self._work_dir.glob("slaves/*/frameworks/*/executors/*/runs/*")):
            if not run.is_symlink():
                yield str(run), run

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
