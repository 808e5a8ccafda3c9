"""Clients of others, each installed by its own ecosystem's installer, once for a machine.

What is installed stands in lock files, by hash: `requirements.txt` here, and `npm/package-lock.json`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_PACKAGES = tuple(_HERE / "npm" / name for name in ("package.json", "package-lock.json"))
_INSTALL_SECONDS = 240.0
#: http-parser's C does not compile since Python 3.11; without a compiler its Python is installed alone, which
#: does the same.
_NO_COMPILER = {"CC": "true", "LDSHARED": "true"}


def python_packages() -> Path:
    """A folder for PYTHONPATH that has pymesos."""
    return _once("pypi", (_REQUIREMENTS,), _install_python)


def node_packages() -> Path:
    """A folder for NODE_PATH that has mesos-framework."""
    return _once("npm", _PACKAGES, _install_node) / "node_modules"


def program(name: str, package: str) -> str:
    """The path of a program that must be there."""
    found = shutil.which(name)
    assert found is not None, f"{name} is needed here: as root, apt-get install {package}"
    return found


def _install_python(folder: Path) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir")
    source = ("--no-deps", "--require-hashes", "--no-build-isolation", "--use-pep517")
    command = (sys.executable, "-m", "pip", "install", *options, *source)
    _run((*command, f"--target={folder}", "-r", str(_REQUIREMENTS)), folder, _NO_COMPILER)


def _install_node(folder: Path) -> None:
    for file in _PACKAGES:
        shutil.copy(file, folder)
    npm = program("npm", "npm")
    _run((npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"), folder, {})


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def _once(name: str, locks: Sequence[Path], install: Callable[[Path], None]) -> Path:
    """The folder where these locks are installed, by this run or one before."""
    told = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks))
    told.update(sys.version.encode())
    parent = Path(tempfile.gettempdir()) / f"clients-of-mesos-{os.getuid()}"
    parent.mkdir(mode=0o700, exist_ok=True)
    assert parent.stat().st_uid == os.getuid(), f"{parent} is somebody else's"
    folder = parent / f"{name}-{told.hexdigest()[:16]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=parent) as unfinished:
            made = Path(unfinished) / "made"
            made.mkdir()
            install(made)
            # Another run may have been first.
            with contextlib.suppress(OSError):
                made.rename(folder)
    return folder
