"""Looking at a server from outside: whether it takes connections, and with what status it answers.

Each probe has a deadline that nothing on the other side can extend, however slowly it speaks.
"""

from __future__ import annotations

import queue
import re
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import quote, urljoin, urlsplit

#: Probes that may be under way at a time; further ones wait, which counts for their deadlines.
_THREADS = 32
_MOST_REDIRECTS = 10
_MOST_HEAD_BYTES = 65_536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})\b")
_LOCATION = re.compile(rb"^location:[ \t]*([^\r\n]+?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_REDIRECTS = (301, 302, 303, 307, 308)
#: What may stand in a path or query as it is; everything else is escaped.
_SAFE = "/%?=&;:@!$'()*+,~[]-._"

#: Takes the HTTP status of an answer, if there was one, and else why there was none, or no connection.
Answer = Callable[[int | None, str | None], None]


class ProbeError(Exception):
    """A probe that failed; the text says why."""


class ProbePool:
    """Probes on threads of its own; `answer` is called once for each, by any thread."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        #: Probes that wait or are under way.
        self._unfinished = 0

    def http(self, url: str, timeout_seconds: float, answer: Answer) -> None:
        """GET an address and those it redirects to."""
        deadline = time.monotonic() + timeout_seconds
        self._submit(lambda: _answered(answer, lambda: http_status(url, deadline)))

    def tcp(self, host: str, port: int, timeout_seconds: float, answer: Answer) -> None:
        """Connect to a port."""
        deadline = time.monotonic() + timeout_seconds
        self._submit(lambda: _answered(answer, lambda: connect(host, port, deadline).close()))

    def close(self) -> None:
        """Begin no more probes; those under way end at their deadlines, or with the process."""
        with self._lock:
            while True:
                try:
                    self._jobs.get_nowait()
                except queue.Empty:
                    break
            for _ in range(self._threads):
                self._jobs.put(None)

    def _submit(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._unfinished += 1
            if self._threads < min(self._unfinished, _THREADS):
                self._threads += 1
                # Not a pool of the standard library, whose threads the end of the process waits for.
                threading.Thread(target=self._work, name="probe", daemon=True).start()
            self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            with self._lock:
                self._unfinished -= 1


def http_status(url: str, deadline: float) -> int:
    """The status of the answer to a GET, after at most 10 redirects; raises ProbeError.

    `deadline` is in seconds of `time.monotonic`. Certificates are not verified.
    """
    for _ in range(_MOST_REDIRECTS + 1):
        head = _get(url, deadline)
        status = int(head[9:12])
        location = _LOCATION.search(head)
        if status not in _REDIRECTS or location is None:
            return status
        url = urljoin(url, location[1].decode("latin-1"))
    raise ProbeError(f"redirected more than {_MOST_REDIRECTS} times")


def connect(host: str, port: int, deadline: float) -> socket.socket:
    """A connection; raises ProbeError when there is none by the deadline."""
    try:
        return socket.create_connection((host, port), _rest(deadline))
    except (OSError, OverflowError) as error:
        raise ProbeError(f"no connection with {host} port {port}: {_words(error)}") from None


def _get(url: str, deadline: float) -> bytes:
    """The head of the final answer to a GET: from its status line to the empty line."""
    try:
        target = urlsplit(url)
        host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    except ValueError as error:
        raise ProbeError(f"address {url!r}: {error}") from None
    if target.scheme not in ("http", "https"):
        raise ProbeError(f"address {url!r}: must begin with http:// or https://")
    path = quote((target.path or "/") + (f"?{target.query}" if target.query else ""), safe=_SAFE)
    with connect(host, port, deadline) as raw:
        try:
            with _secured(raw, host, deadline) if target.scheme == "https" else raw as connection:
                connection.settimeout(_rest(deadline))
                connection.sendall(_request(path, target.netloc))
                return _head(connection, deadline)
        except OSError as error:
            raise ProbeError(f"no answer of {host} port {port}: {_words(error)}") from None


def _request(path: str, host: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: pion", "Accept: */*", "Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _head(connection: socket.socket, deadline: float) -> bytes:
    received = b""
    while True:
        head, end, rest = received.partition(b"\r\n\r\n")
        if end:
            status = _STATUS.match(head)
            if status is None:
                raise ProbeError("the answer is no HTTP")
            if not status[1].startswith(b"1"):
                return head
            received = rest  # "100 Continue" and the like: the answer itself follows
        elif len(received) > _MOST_HEAD_BYTES:
            raise ProbeError(f"the answer's head is larger than {_MOST_HEAD_BYTES} bytes")
        else:
            connection.settimeout(_rest(deadline))
            more = connection.recv(4096)
            if not more:
                raise ProbeError("the connection ended before the answer did")
            received += more


def _secured(raw: socket.socket, host: str, deadline: float) -> socket.socket:
    import ssl  # noqa: PLC0415  some megabytes that few need

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # What is asked is whether the task answers, not whether it is whom it claims to be.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    raw.settimeout(_rest(deadline))
    return context.wrap_socket(raw, server_hostname=host)


def _answered(answer: Answer, probe: Callable[[], int | None]) -> None:
    try:
        status = probe()
    except ProbeError as error:
        answer(None, str(error))
    else:
        answer(status, None)


def _rest(deadline: float) -> float:
    rest = deadline - time.monotonic()
    if rest <= 0:
        raise TimeoutError("timed out")
    return rest


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
