from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from containerizers.sandbox import make_nested, remove_nested


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
    with pytest.raises(ValueError, match="must be a name"):
        make_nested(str(tmp_path), name, "task", None)
    with pytest.raises(ValueError, match="must be a name"):
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


def test_shared_paths_lead_to_the_sandbox_around(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "old").write_text("here before")
    for name in ("one", "two"):
        make_nested(str(tmp_path), name, name, None, {"data/in": "common/data", "kept": "volume"})
    one, two = tmp_path / "containers" / "one", tmp_path / "containers" / "two"
    (one / "data" / "in" / "file").write_text("from one")
    assert (two / "data" / "in" / "file").read_text() == "from one"
    assert (tmp_path / "common" / "data" / "file").read_text() == "from one"
    assert (two / "kept" / "old").read_text() == "here before"


@pytest.mark.parametrize("path", ["/etc", "..", "a/../b", "a//b", ""])
def test_shared_paths_lead_down(tmp_path: Path, path: str) -> None:
    for shared in ({path: "a"}, {"a": path}):
        with pytest.raises(ValueError, match="must be a name, or names with / between them"):
            make_nested(str(tmp_path), "one", "task", None, shared)
    assert list(tmp_path.iterdir()) == []


def test_a_shared_path_that_a_task_made_a_link_is_not_followed(tmp_path: Path) -> None:
    sandbox, elsewhere = tmp_path / "sandbox", tmp_path / "elsewhere"
    sandbox.mkdir()
    elsewhere.mkdir()
    (sandbox / "common").symlink_to(elsewhere)
    with pytest.raises(OSError, match="common"):
        make_nested(str(sandbox), "abc", "task", None, {"in": "common/data"})
    assert list(elsewhere.iterdir()) == []


def test_a_volume_that_is_a_link_is_shared_as_it_is(tmp_path: Path) -> None:
    sandbox, volume = tmp_path / "sandbox", tmp_path / "volume"
    sandbox.mkdir()
    volume.mkdir()
    (volume / "file").write_text("kept")
    (sandbox / "kept").symlink_to(volume)
    make_nested(str(sandbox), "abc", "task", None, {"kept": "kept"})
    assert (sandbox / "containers" / "abc" / "kept" / "file").read_text() == "kept"


def test_a_sandbox_of_no_task_has_no_link(tmp_path: Path) -> None:
    make_nested(str(tmp_path), "abc", None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["containers"]


def test_a_sandbox_is_removed_with_all_in_it_and_nothing_that_links_lead_to(tmp_path: Path) -> None:
    sandbox, elsewhere = tmp_path / "sandbox", tmp_path / "elsewhere"
    sandbox.mkdir()
    elsewhere.mkdir()
    (elsewhere / "file").write_text("kept")
    make_nested(str(sandbox), "abc", None, None)
    make_nested(str(sandbox), "other", None, None)
    (sandbox / "containers/abc/deep").mkdir()
    (sandbox / "containers/abc/deep/link").symlink_to(elsewhere)
    for _ in range(2):
        remove_nested(str(sandbox), "abc")
        assert [path.name for path in (sandbox / "containers").iterdir()] == ["other"]
    remove_nested(str(tmp_path / "nowhere"), "abc")
    assert (elsewhere / "file").read_text() == "kept"


def test_a_link_in_the_place_of_a_sandbox_is_not_followed_to_remove_it(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "abc").mkdir(parents=True)
    (tmp_path / "containers").symlink_to(elsewhere)
    with pytest.raises(OSError, match="containers"):
        remove_nested(str(tmp_path), "abc")
    assert (elsewhere / "abc").exists()
    with pytest.raises(ValueError, match="must be a name"):
        remove_nested(str(tmp_path), "..")
