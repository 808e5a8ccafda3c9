"""What every test leaves as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _structlog_as_before() -> Iterator[None]:
    """Commands configure structlog for their whole process, which here is that of other tests too."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
