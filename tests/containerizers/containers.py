"""A containerizer in the hand of a test, with what it told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from containerizers.containerizer import Ended, Event, Launched
from containerizers.process import ProcessContainerizer
from containerizers.spec import Spec
from containerizers.stamp import stat
from containerizers.switchboard import Switchboard

DEADLINE_SECONDS = 60.0
PATH = "/usr/local/bin:/usr/bin:/bin"


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.005)


def runs(process: int) -> bool:
    seen = stat(process)
    return seen is not None and seen.runs


def read_number(path: Path) -> int:
    """The number that a program wrote to a file, once it has."""
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"a number in {path}")
    return int(path.read_text())


class Containers:
    """A ProcessContainerizer on `folder`; what it made ends with the `with` block."""

    def __init__(self, folder: Path, switchboard: Switchboard | None = None) -> None:
        self.folder = folder
        self.runtime_dir = folder / "runtime"
        self.launched: dict[str, int] = {}
        self.ended: dict[str, Ended] = {}
        self.events: list[Event] = []
        self._news = threading.Condition()
        self.containerizer = self.make(switchboard)

    def make(self, switchboard: Switchboard | None) -> ProcessContainerizer:
        """The containerizer, which tells `notify`."""
        return ProcessContainerizer(self.runtime_dir, self.notify, switchboard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = self.launched.keys() - self.ended.keys()
        for container_id in sorted(left):
            self.containerizer.destroy(container_id)
        try:
            self.wait(*left)
        finally:
            self.containerizer.close()

    def launch(self, container_id: str, *arguments: str, **others: object) -> None:
        self.containerizer.launch(container_id, self.spec(*arguments, **others))

    def spec(self, *arguments: str, **others: object) -> Spec:
        values = {"directory": str(self.folder), "environment": {"PATH": PATH}, **others}
        return Spec(arguments=arguments, **values)  # type: ignore[arg-type]

    def sh(self, container_id: str, script: str, **others: object) -> None:
        self.launch(container_id, "sh", "-c", script, **others)

    def run(self, container_id: str, *arguments: str, **others: object) -> Ended:
        self.launch(container_id, *arguments, **others)
        self.wait(container_id)
        return self.ended[container_id]

    def wait(self, *container_ids: str) -> None:
        """Wait for the ends of these."""
        with self._news:
            self._news.wait_for(lambda: not self._missing(container_ids), DEADLINE_SECONDS)
            assert not self._missing(container_ids)

    def _missing(self, container_ids: Iterable[str]) -> list[str]:
        return [one for one in container_ids if one not in self.ended]

    def notify(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            if isinstance(event, Launched):
                self.launched[event.container_id] = event.process
            elif isinstance(event, Ended):
                assert event.container_id not in self.ended, f"{event.container_id} ended twice"
                self.ended[event.container_id] = event
            self._news.notify_all()
