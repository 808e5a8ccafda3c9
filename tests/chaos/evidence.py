"""All that is known of a run when it is over: what its checks look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tests.chaos import history
from tests.chaos.history import Event, Run
from transport.records.registry import Registry

#: What a daemon says that ends because its disk is full.
_FULL = "No space left on device"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The histories of a run, the newest line of each last."""

    #: What the driver did and saw: faults, leaders, entries of the log, operations and their answers.
    driver: tuple[Event, ...] = ()
    #: What the framework said and heard.
    load: tuple[Event, ...] = ()
    #: What tasks wrote by themselves.
    runs: tuple[Run, ...] = ()
    #: The tasks that run at the end.
    alive: frozenset[str] = frozenset()
    #: The weights of roles in the registry at the end.
    weights: Mapping[str, float] = {}
    #: The ids of agents in the registry at the end, where it is known.
    admitted: frozenset[str] | None = None
    #: Lines of the daemons' logs that tell of a crash, with the daemon's name before each.
    crashes: tuple[str, ...] = ()
    #: Daemons that ended though nobody had told them to, with their status.
    ended: tuple[str, ...] = ()

    def said(self, kind: str) -> list[Event]:
        """What the framework said or heard of that kind."""
        return [event for event in self.load if event.kind == kind]

    def seen(self, kind: str) -> list[Event]:
        """What the driver did or saw of that kind."""
        return [event for event in self.driver if event.kind == kind]

    def updates(self) -> dict[str, list[Event]]:
        """By task, all that the framework was told of it, in order."""
        found: dict[str, list[Event]] = {}
        for event in self.said("update"):
            found.setdefault(event.text("task"), []).append(event)
        return found


def gather(folder: Path, registry: Registry, ended: tuple[str, ...] = ()) -> Evidence:
    """Read all histories in the folder of a rig that still stands; the registry is as its log has it."""
    runs = history.runs(folder / "truth")
    alive = frozenset(run.task for run in runs if run.end is None and _lives(run, folder))
    crashes = tuple(
        f"{log.stem}: {line[:300]}"
        for log in sorted(folder.glob("*.log"))
        for line in log.read_text(errors="replace").splitlines()
        if ("actor crashed" in line or line.startswith("Traceback")) and _FULL not in line
    )
    return Evidence(
        driver=history.read(folder / "driver.jsonl"),
        load=history.read(folder / "load.jsonl"),
        runs=runs,
        alive=alive,
        weights={one.info.role or "": one.info.weight for one in registry.weights},
        admitted=None if registry.slaves is None else frozenset(_ids(registry.slaves)),
        crashes=crashes,
        ended=ended,
    )


def _ids(slaves: Registry.Slaves) -> Iterator[str]:
    return (slave.info.id.value for slave in slaves.slaves if slave.info.id is not None)


def _lives(run: Run, folder: Path) -> bool:
    """Whether the task still runs, in its sandbox; its process number may be another's by now."""
    try:
        sandbox = Path(f"/proc/{run.pid}/cwd").readlink()
    except OSError:
        return False
    return sandbox.is_relative_to(folder) and run.task in sandbox.parts
