from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from containerizers.sandbox import make_nested


def test_a_nested_sandbox_is_a_folder_and_a_link_to_it(tmp_path: Path) -> None:
    make_nested(str(tmp_path), "abc", "task.1", None)
    folder = tmp_path / "containers" / "abc"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    link = tmp_path / "tasks" / "task.1"
    assert os.readlink(link) == "../containers/abc"  # noqa: PTH115  as it is written
    assert link.samefile(folder)


def test_making_it_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        make_nested(str(tmp_path), "abc", "task", None)
        (tmp_path / "containers" / "abc" / "file").write_text("kept")
    make_nested(str(tmp_path), "def", "other", None)
    assert sorted(path.name for path in (tmp_path / "containers").iterdir()) == ["abc", "def"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a file"):
        make_nested(str(tmp_path), name, "task", None)
    with pytest.raises(ValueError, match="must be the name of a file"):
        make_nested(str(tmp_path), "abc", name, None)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_user_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="user 'nobody-of-that-name': there is none"):
        make_nested(str(tmp_path), "abc", "task", "nobody-of-that-name")


@pytest.mark.parametrize("trap", ["containers", "tasks"])
def test_links_that_a_task_left_there_are_not_followed(tmp_path: Path, trap: str) -> None:
    sandbox, elsewhere = tmp_path / "sandbox", tmp_path / "elsewhere"
    sandbox.mkdir()
    elsewhere.mkdir()
    (sandbox / trap).symlink_to(elsewhere)
    with pytest.raises(OSError, match=trap):
        make_nested(str(sandbox), "abc", "task", None)
    assert list(elsewhere.iterdir()) == []


def test_a_missing_sandbox_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_nested(str(tmp_path / "gone"), "abc", "task", None)
