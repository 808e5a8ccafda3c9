"""The other process of a benchmark with two."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

ROOT = Path(__file__).parent.parent.parent
DEADLINE_SECONDS = 20.0


@contextmanager
def child(module: str, *arguments: object) -> Iterator[str]:
    """Run `python -m module arguments`; gives its first line of output, as a rule its address.

    The child ends when its standard input does.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert line, f"{module} did not start"
        yield line
    finally:
        process.stdin.close()
        try:
            process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()


def quiet() -> None:
    """Log what is wrong, and that to standard error: standard output has figures and addresses."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def ready(line: str) -> None:
    """In the child: say so, and wait for the end of the benchmark."""
    print(line, flush=True)
    sys.stdin.read()
