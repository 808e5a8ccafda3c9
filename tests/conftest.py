"""What every test leaves as it found it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import structlog

# Ignored where tests are started in the background, and then by all that they start, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)


@pytest.fixture(autouse=True)
def _structlog_as_before() -> Iterator[None]:
    """Commands configure structlog for their whole process, which here is that of other tests too."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
