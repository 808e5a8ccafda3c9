"""A pool on a folder of a test, with a sandbox and a place for what is fetched."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from containerizers.fetcher.order import Order, Wanted
from containerizers.fetcher.pool import FetchPool, no_fault
from containerizers.fetcher.settings import FetchSettings

DEADLINE_SECONDS = 60.0


class Pending:
    """An order that is worked on."""

    def __init__(self) -> None:
        self.stop: Callable[[], None] = lambda: None
        self.answers: list[str] = []
        self._over = threading.Event()

    def done(self, error: str) -> None:
        self.answers.append(error)
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def result(self) -> str:
        """Why it failed, "" if it did not."""
        assert self._over.wait(DEADLINE_SECONDS), "an order is not over"
        return self.answers[0]


class Rig:
    """Fetches into `sandbox`; `put` makes files that can be fetched."""

    def __init__(self, folder: Path, fault: Callable[[str], None] = no_fault, **settings: Any) -> None:
        self.folder = folder
        self.sandbox = folder / "sandbox"
        self.sandbox.mkdir()
        self.shelf = folder / "shelf"
        self.shelf.mkdir()
        self.pool = FetchPool(FetchSettings(**{"cache_dir": str(folder / "cache")} | settings), fault)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.close()

    def put(self, name: str, content: bytes = b"content") -> str:
        """A new file; returns its URI."""
        (self.shelf / name).write_bytes(content)
        return f"file://{self.shelf / name}"

    def begin(self, *wanted: Wanted | str, **order: Any) -> Pending:
        pending = Pending()
        files = tuple(Wanted(uri=one) if isinstance(one, str) else one for one in wanted)
        told = {
            "directory": str(self.sandbox),
            "log": str(self.sandbox / "stdout"),
            "errors": str(self.sandbox / "stderr"),
        }
        pending.stop = self.pool.fetch(Order(**told | order, files=files), pending.done)
        return pending

    def fetch(self, *wanted: Wanted | str, **order: Any) -> str:
        return self.begin(*wanted, **order).result()

    def fetched(self) -> dict[str, bytes]:
        """What is in the sandbox, by path, but for the logs."""
        return {
            str(path.relative_to(self.sandbox)): path.read_bytes()
            for path in sorted(self.sandbox.rglob("*"))
            if path.is_file() and path.name not in ("stdout", "stderr")
        }

    def cached(self) -> list[Path]:
        return sorted(self.folder.glob("cache/*/*"))


def tar(*members: tarfile.TarInfo | tuple[str, bytes], packing: str = "", **options: Any) -> bytes:
    """An archive; a pair is a file's name and content, of a TarInfo's content there is as much as it says."""
    file = io.BytesIO()
    mode: Any = f"w:{packing}"
    with tarfile.open(fileobj=file, mode=mode, **options) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member, io.BytesIO(b"x" * member.size))
            else:
                archive.addfile(info(member[0], size=len(member[1])), io.BytesIO(member[1]))
    return file.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE, **values: Any) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    for field, value in values.items():
        setattr(member, field, value)
    return member


def zipped(
    members: Mapping[str, bytes] | Iterable[tuple[zipfile.ZipInfo | str, bytes]],
    packing: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            archive.writestr(name, content)
    return file.getvalue()
