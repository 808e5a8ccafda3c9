"""Processes that take the steps of a container's child, and tell what became of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
_DEADLINE_SECONDS = 60
_BEGIN = "import ast, os, sys; sys.path.insert(0, sys.argv[1]); given = ast.literal_eval(sys.argv[2])\n"
#: What the launcher does for it: namespaces, and a process that is the first in them.
_FIRST = """
from containerizers.linux import mounting, privileges, syscalls
syscalls.named("unshare", given["namespaces"])
if child := os.fork():
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
try:
    mounting.perform(given["mounts"])
    os.chdir(given["directory"])
    privileges.apply(given["user"], None, False, None)
except syscalls.StepError as error:
    sys.exit(f"step: {error}")
os.execv("/bin/sh", ["sh", "-c", given["script"]])
"""
MOUNT, IPC, PID = 0x20000, 0x08000000, 0x20000000


def child(code: str, given: Any = None) -> subprocess.CompletedProcess[str]:
    """Run code as the launcher's process would, where `given` is plain data."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", _BEGIN + code, str(ROOT), repr(given)],
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )


def seen(
    script: str,
    mounts: tuple[Any, ...],
    directory: Path | str,
    user: tuple[int, int, tuple[int, ...]] | None = None,
    namespaces: int = MOUNT | IPC | PID,
) -> subprocess.CompletedProcess[str]:
    """Run a shell's script that sees what the steps of a plan have made."""
    given = {
        "script": script,
        "mounts": mounts,
        "directory": str(directory),
        "user": user,
        "namespaces": namespaces,
    }
    return child(_FIRST, given)
