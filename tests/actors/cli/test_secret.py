"""`pion secret` makes a secret that nodes can use and nobody else reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.cli.pion import main
from transport.secret import parse_secret, read_secret


def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "secret"
    assert main(("secret", f"--output={path}")) == 0
    assert capsys.readouterr().out == f"wrote {path}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_secret(path).secret


def test_a_secret_that_exists_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "secret"
    path.write_text("precious")
    assert main(("secret", f"--output={path}")) == 1
    assert "File exists" in capsys.readouterr().err
    assert path.read_text() == "precious"


def test_every_secret_is_another(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(("secret",)) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert parse_secret(first) != parse_secret(second)
