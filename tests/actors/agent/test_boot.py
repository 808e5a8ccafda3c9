from __future__ import annotations

from pathlib import Path

from actors.agent.boot import read_boot_id


def test_a_boot_has_one_id() -> None:
    assert read_boot_id() == read_boot_id() != ""


def test_the_id_is_what_the_kernel_tells_in_one_line(tmp_path: Path) -> None:
    told = tmp_path / "boot_id"
    told.write_text("6e1c5e4e-0d5a\n")
    assert read_boot_id(told) == "6e1c5e4e-0d5a"
