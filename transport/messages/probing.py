"""An executor and the prober of its node, for checks of a task by HTTP and TCP.

`number` tells the looks of one executor apart. Each is answered by Probed, in time or soon after; one that
is lost with a prober that crashed is not.
"""

from __future__ import annotations

from typing import Literal

from transport.message import Message


class ProbeHttp(Message):
    """GET a path of a server, following where it redirects to."""

    number: int
    host: str
    port: int
    path: str
    timeout_seconds: float
    scheme: Literal["http", "https"] = "http"


class ProbeTcp(Message):
    """Connect to a port."""

    number: int
    host: str
    port: int
    timeout_seconds: float


class Probed(Message):
    """What came of it: the HTTP status of the answer, or that there was a connection, or an error."""

    number: int
    status_code: int | None = None
    error: str | None = None
