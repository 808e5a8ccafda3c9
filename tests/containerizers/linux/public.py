"""Folders for tests that every user of the host can reach, as those of pytest cannot be."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def public_folder() -> Iterator[Path]:
    """A new folder, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pion-public-")).resolve()
    try:
        folder.chmod(0o755)
        for around in folder.parents:
            mode = around.stat().st_mode & 0o7777
            if not mode & 0o001:
                around.chmod(mode | 0o001)
        yield folder
    finally:
        shutil.rmtree(folder)
