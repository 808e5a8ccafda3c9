"""The calls of dockerd's API, by Docker's own SDK, which only this file knows; imported when needed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlencode

import docker
from docker.auth import encode_header
from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool

from containerizers.docker.errors import ConflictError, NotThereError, RefusedError, UnansweredError
from containerizers.docker.options import Body
from containerizers.docker.seen import Listed, listed
from containerizers.docker.settings import DockerSettings

#: That of Docker 20.10. A dockerd that knows only others says so, and is then asked in its own: to ask
#: before would be one more call that can hang (reliability.md D9).
_VERSION = "1.41"
_OTHER_VERSION = re.compile(r"(?:Minimum|Maximum) supported API version is (\d+\.\d+)", re.IGNORECASE)
_BASE = "http+docker://"
_FIRST_ERROR = 400
_PIECE_BYTES = 65_536
_UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp", "Content-Type": "application/json"}
#: Errors of connections are OSError, too; others come of answers that the SDK makes nothing of.
_BROKEN = (
    docker.errors.DockerException,
    HTTPException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
)


class Hijacked(NamedTuple):
    """A connection that has become a stream of bytes, and what was read of it already."""

    connection: socket.socket
    read: bytes


class _Connection(UnixHTTPConnection):  # type: ignore[misc]
    """Leaves nothing open when there is no dockerd."""

    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self.unix_socket)
        except OSError:
            connection.close()
            raise
        self.sock = connection


class _Pool(UnixHTTPConnectionPool):  # type: ignore[misc]
    def _new_conn(self) -> _Connection:
        return _Connection(self.base_url, self.socket_path, self.timeout)


class _Adapter(UnixHTTPAdapter):  # type: ignore[misc]
    """One connection for all requests, none of which takes longer than allowed.

    The SDK has one for each URL (reliability.md D2), and waits for ever for some answers (D1).
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.timeout_seconds = 0.0
        self._pool = _Pool(_BASE, path, maxsize=1)

    def get_connection(self, url: str, proxies: object = None) -> _Pool:
        return self._pool

    def send(self, request: Any, **how: Any) -> Any:
        return super().send(request, **{**how, "timeout": self.timeout_seconds})

    def close(self) -> None:
        super().close()
        self._pool.close()


class Client:
    """One connection to dockerd, for one thread; the first call opens it.

    All methods raise UnansweredError (it may have been done), or a RefusedError.
    """

    def __init__(self, settings: DockerSettings, heard: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        #: Told of each answer, whatever it is.
        self._heard = heard
        self._version = _VERSION
        self._api: Any = None
        self._adapter = _Adapter(settings.socket)

    def close(self) -> None:
        """Close the connection; the next call opens another one."""
        if self._api is not None:
            self._api.close()
            self._api = None

    # Containers.

    def create(self, name: str, body: Body) -> str:
        """Make a container that does not run yet; returns Docker's id."""
        with self._asked(f"create container {name}"):
            return str(self._api.create_container_from_config(body, name)["Id"])

    def start(self, name: str) -> None:
        """Start it; nothing happens to one that runs."""
        with self._asked(f"start container {name}"):
            self._api.start(name)

    def inspect(self, name: str) -> dict[str, Any]:
        """All that is known of it."""
        with self._asked(f"inspect container {name}", looks=True):
            return _mapping(self._api.inspect_container(name))

    def containers(self, labels: Mapping[str, str], states: tuple[str, ...]) -> list[Listed]:
        """Those with these labels in one of these states."""
        filters = {"label": [f"{key}={value}" for key, value in labels.items()], "status": list(states)}
        with self._asked("list containers", looks=True):
            found = self._api.containers(all=True, filters=filters)
            return [listed(_mapping(one)) for one in found]

    def kill(self, name: str, number: int) -> None:
        """Send a signal to its first process."""
        with self._asked(f"kill container {name}", looks=True):
            self._api.kill(name, number)

    def resume(self, name: str) -> None:
        """Have it go on that was paused."""
        with self._asked(f"resume container {name}"):
            self._api.unpause(name)

    def remove(self, name: str) -> None:
        """Remove it with its unnamed volumes; kill it before if it runs."""
        with self._asked(f"remove container {name}"):
            self._api.remove_container(name, v=True, force=True)

    def update(self, name: str, limits: Body) -> None:
        """Change what a container may use that runs."""
        with self._asked(f"update container {name}"):
            self._api.update_container(
                name,
                cpu_shares=limits.get("CpuShares"),
                cpu_period=limits.get("CpuPeriod"),
                cpu_quota=limits.get("CpuQuota"),
                mem_limit=limits.get("Memory"),
                mem_reservation=limits.get("MemoryReservation"),
                memswap_limit=limits.get("MemorySwap"),
            )

    def stats(self, name: str) -> dict[str, Any]:
        """What it uses now."""
        with self._asked(f"measure container {name}", looks=True):
            return _mapping(self._api.stats(name, stream=False, one_shot=True))

    def date(self) -> str:
        """What time dockerd has, as it tells when something happened."""
        with self._asked("tell the time", looks=True):
            return str(_mapping(self._api.info())["SystemTime"])

    # Programs that are run in them.

    def create_exec(self, name: str, body: Body) -> str:
        """Make an exec that does not run yet; returns its id."""
        with self._asked(f"create an exec in container {name}"):
            answer = self._post(f"/containers/{name}/exec", body)
            return str(_mapping(answer.json())["Id"])

    def start_exec(self, exec_id: str, *, terminal: bool) -> Hijacked:
        """Start it, attached."""
        with self._asked("start an exec"):
            body = {"Detach": False, "Tty": terminal}
            return _hijack(self._post(f"/exec/{exec_id}/start", body, headers=_UPGRADE, stream=True))

    def start_exec_detached(self, exec_id: str) -> None:
        """Start it; what it writes is lost."""
        with self._asked("start an exec"):
            self._post(f"/exec/{exec_id}/start", {"Detach": True, "Tty": False})

    def inspect_exec(self, exec_id: str) -> dict[str, Any]:
        """Whether it runs, as what process, and how it ended."""
        with self._asked("inspect an exec", looks=True):
            return _mapping(self._api.exec_inspect(exec_id))

    def resize_exec(self, exec_id: str, rows: int, columns: int) -> None:
        """Make its terminal so large."""
        with self._asked("resize a terminal", looks=True):
            self._api.exec_resize(exec_id, rows, columns)

    # Streams.

    def attach(self, name: str) -> Hijacked:
        """What a container writes from now on; what is written to it, it reads."""
        with self._asked(f"attach to container {name}", looks=True):
            path = f"/containers/{name}/attach?stdin=1&stdout=1&stderr=1&stream=1"
            return _hijack(self._post(path, None, headers=_UPGRADE, stream=True))

    def resize(self, name: str, rows: int, columns: int) -> None:
        """Make its terminal so large."""
        with self._asked("resize a terminal", looks=True):
            self._api.resize(name, rows, columns)

    # Images.

    def pull(self, image: str, authority: Mapping[str, str]) -> Generator[dict[str, Any]]:
        """Ask the registry for an image; tells what goes on, until it is there."""
        repository, tag = split_image(image)
        path = f"/images/create?{urlencode({'fromImage': repository, 'tag': tag})}"
        # Given in any case, so that a user's own configuration does not count.
        headers = {"X-Registry-Auth": encode_header(dict(authority))}
        with self._asked(f"pull image {image}"):
            self._adapter.timeout_seconds = self._settings.pull_stall_timeout_seconds
            with contextlib.closing(self._post(path, None, headers=headers, stream=True)) as answer:
                for line in filter(None, answer.iter_lines(_PIECE_BYTES)):
                    step = _mapping(json.loads(line))
                    if step.get("error"):
                        raise RefusedError(500, str(step["error"]))
                    yield step

    # How it is asked.

    def _post(self, path: str, body: Body | None, **how: Any) -> Any:
        """What the SDK has no call for that could be given up."""
        headers = how.pop("headers", {"Content-Type": "application/json"})
        url = f"{self._api.base_url}/v{self._api.api_version}{path}"
        data = None if body is None else json.dumps(body)
        answer = self._api.post(url, data=data, headers=headers, **how)
        if answer.status_code >= _FIRST_ERROR:
            text = _mapping(answer.json()).get("message")
            raise docker.errors.APIError(text, response=answer, explanation=text)
        return answer

    @contextlib.contextmanager
    def _asked(self, what: str, *, looks: bool = False) -> Iterator[None]:
        """Have the SDK's errors be ours."""
        settings = self._settings
        try:
            if self._api is None:
                self._api = docker.APIClient(f"unix://{settings.socket}", version=self._version)
                self._adapter = _Adapter(settings.socket)
                self._api.mount(_BASE, self._adapter)
            self._adapter.timeout_seconds = (
                settings.answer_timeout_seconds if looks else settings.launch_timeout_seconds
            )
            yield
            self._heard()
        except docker.errors.APIError as error:
            self._heard()
            raise self._refusal(error) from None
        except _BROKEN as error:
            # Half an answer may be left in the connection.
            self.close()
            raise UnansweredError(f"dockerd did not {what}: {_words(error)}") from None

    def _refusal(self, error: Any) -> RefusedError | UnansweredError:
        text = " ".join(str(error.explanation or error).split())
        status = error.status_code or 0
        other = _OTHER_VERSION.search(text) if status == 400 else None
        if other is not None:
            self._version = other[1]
            self.close()
            return UnansweredError(text)
        kind = {404: NotThereError, 409: ConflictError}.get(status, RefusedError)
        return kind(status, text)


def split_image(image: str) -> tuple[str, str]:
    """Repository, and tag or digest (`latest` where there is none) of an image's name."""
    repository, at, digest = image.partition("@")
    if at:
        return repository, digest
    above, colon, tag = image.rpartition(":")
    return (above, tag) if colon and "/" not in tag else (image, "latest")


def _mapping(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ValueError("the answer is no object")  # noqa: TRY004  an answer's fault
    return answer


def _hijack(answer: Any) -> Hijacked:
    """Take the connection out of the hands of the SDK, with what was read ahead with the headers."""
    reader = answer.raw._fp.fp  # noqa: SLF001  there is no other way to it
    connection = socket.socket(fileno=os.dup(reader.fileno()))
    connection.setblocking(False)
    reader.raw._sock.settimeout(0)  # noqa: SLF001  a look at what is there must not wait for more
    with contextlib.closing(answer), contextlib.suppress(OSError, ValueError):
        return Hijacked(connection, bytes(reader.peek(_PIECE_BYTES)))
    return Hijacked(connection, b"")


def _words(error: BaseException) -> str:
    """What an error of a connection comes down to."""
    text = str(error)
    if "timed out" in text:
        return "it did not answer in time"
    if "Connection refused" in text or "No such file" in text:
        return "it does not run"
    return text or type(error).__name__
