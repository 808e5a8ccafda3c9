"""The actor `prober` of an executor node: looks at tasks by HTTP and TCP for all of its executors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from actors.process import Process, handles
from transport.messages.probing import Probed, ProbeHttp, ProbeTcp
from transport.pid import Address, Pid

#: Its name.
PROBER: Final = "prober"

#: Takes the HTTP status of an answer, if there was one, and else why there was none, or no connection.
Answer: TypeAlias = Callable[[int | None, str | None], None]


class Probes(Protocol):
    """What looks at servers, and calls `answer` once for each; never blocks (`containerizers.probe`)."""

    def http(self, url: str, timeout_seconds: float, answer: Answer) -> None:
        """GET an address and those it redirects to."""
        ...

    def tcp(self, host: str, port: int, timeout_seconds: float, answer: Answer) -> None:
        """Connect to a port."""
        ...

    def close(self) -> None:
        """Begin no more."""
        ...


class Prober(Process):
    """Has probes made, and tells who asked what came of each; `make` is called before the first."""

    def __init__(self, make: Callable[[], Probes]) -> None:
        self._make = make
        self._probes: Probes | None = None

    def finalize(self) -> None:
        """End the probes."""
        if self._probes is not None:
            self._probes.close()

    @handles(ProbeHttp)
    def _on_http(self, sender: Pid, message: ProbeHttp) -> None:
        path = message.path if message.path.startswith("/") else f"/{message.path}"
        url = f"{message.scheme}://{Address(message.host, message.port)}{path}"
        self._there().http(url, message.timeout_seconds, self._answer(sender, message.number))

    @handles(ProbeTcp)
    def _on_tcp(self, sender: Pid, message: ProbeTcp) -> None:
        answer = self._answer(sender, message.number)
        self._there().tcp(message.host, message.port, message.timeout_seconds, answer)

    def _there(self) -> Probes:
        if self._probes is None:
            self._probes = self._make()
        return self._probes

    def _answer(self, asker: Pid, number: int) -> Answer:
        def answer(status_code: int | None, error: str | None) -> None:
            # Called by a thread of the pool, whenever it is; only the system may be touched there.
            self.system.send(self.pid, asker, Probed(number, status_code, error))

        return answer
