"""How every command ends: with its status, or with one line that says what went wrong."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from actors.cli.parser import CommandError, UsageError
from actors.flags import FlagError


def ending(program: str, act: Callable[[], int]) -> int:
    """Do it; returns the exit status. `program` is what the user called, for messages."""
    try:
        return act()
    except (UsageError, FlagError) as error:
        return _failed(program, error, 2)
    except BrokenPipeError:
        # The reader of our output has left; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (CommandError, OSError) as error:
        return _failed(program, error, 1)
    except KeyboardInterrupt:
        return 130


def end_within(seconds: float, status: int) -> None:
    """Have this process, which has nothing more to do, end by then, whatever its threads wait for.

    Python waits for threads of pools, and one of these may wait for a disk that does not answer.
    """

    def end() -> None:
        sys.stderr.flush()
        os._exit(status)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _failed(program: str, error: Exception, status: int) -> int:
    if isinstance(error, OSError) and error.strerror:
        # Without the number, which says nothing that the words do not.
        where = f"{error.filename}: " if error.filename else ""
        error = CommandError(f"{where}{error.strerror}")
    print(f"{program}: {error}", file=sys.stderr)
    return status
