"""Masters as processes of their own, started badly on purpose, and looked at as people do."""

from __future__ import annotations

import contextlib
import html
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.actors.gateway.browser import Answer, fetch
from tests.zookeeper.ensemble import free_addresses
from transport.pid import Address

DEADLINE_SECONDS = 60.0
_ROOT = Path(__file__).parent.parent.parent


def wait_until(true: Callable[[], object], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not so: {what()}"
        time.sleep(0.05)


class MasterProcess:
    """One master; `prefix` is put before its command, as in `nsenter`."""

    def __init__(
        self, folder: Path, name: str, flags: Sequence[str], web: Address, prefix: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.web = web
        self.work_dir = folder / name
        self.log = folder / f"{name}.log"
        command = (
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *prefix,
            *(sys.executable, "-m", "actors.cli.pion", "master"),
            *(f"--port={web.port}", f"--work_dir={self.work_dir}", *flags),
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def __repr__(self) -> str:
        return self.name

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def fetch(self, target: str) -> Answer | None:
        """None while it does not listen yet."""
        assert self._process.poll() is None, f"{self} ended: {self.log.read_text()[-2000:]}"
        with contextlib.suppress(ConnectionRefusedError):
            return fetch(self.web, target)
        return None

    def status(self) -> dict[str, Any]:
        """What it shows at /log/status; empty while it does not answer."""
        answer = self.fetch("/log/status")
        return json.loads(answer.body) if answer is not None and answer.status == 200 else {}

    def diagnoses(self) -> list[str]:
        """Those that it logged."""
        lines = self.log.read_text().splitlines(keepends=True)
        entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]
        return [str(entry["diagnosis"]) for entry in entries if "diagnosis" in entry]

    def wait_for(self, *causes: str) -> str:
        """Wait until it finds one of these causes; an empty one is that all is well. Returns which."""
        found = ""

        def found_one() -> bool:
            nonlocal found
            status = self.status()
            found = status.get("cause") or ""
            return bool(status) and found in causes

        wait_until(found_one, lambda: f"{self} finds one of {causes}: {self.status()}")
        return found

    def finds(self, cause: str, *words: str) -> None:
        """Wait until it tells that cause, with those words, by all three ways: at once, but a log stays."""
        missing: dict[str, object] = {}

        def is_told() -> bool:
            status, page = self.status(), self.fetch("/")
            missing["cause"] = status.get("cause") != cause and status.get("cause")
            missing["status"] = _missing(words, status.get("diagnosis", ""))
            missing["page"] = _missing(words, "" if page is None else html.unescape(page.text))
            missing["log"] = min((_missing(words, said) for said in self.diagnoses()), key=len, default=words)
            return not any(missing.values())

        wait_until(is_told, lambda: f"{self} finds {cause}: {missing}, {self.status()}")


def _missing(words: Sequence[str], text: str) -> list[str]:
    return [word for word in words if word not in text]


class Masters:
    """Starts masters, side by side; all end with the `with` block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[MasterProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for master in self._started:
            master.kill()

    def start(
        self, *flags: str, web: Address | None = None, name: str = "", prefix: Sequence[str] = ()
    ) -> MasterProcess:
        """Start one at `web`, by default a free address of this machine, and do not wait for it."""
        if web is None:
            (web,) = free_addresses(1)
            flags = (f"--ip={web.host}", *flags)
        name = name or f"master-{len(self._started) + 1}"
        master = MasterProcess(self._folder, name, flags, web, prefix)
        self._started.append(master)
        return master


def actors_of(master: MasterProcess) -> str:
    """Where its actors are, as the others see it."""
    return str(Address(master.web.host, master.web.port + 1000))
