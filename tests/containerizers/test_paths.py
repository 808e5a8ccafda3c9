from __future__ import annotations

from pathlib import Path

import pytest

from containerizers.paths import ID_LENGTH, RuntimePaths, check_id, parent_of


def make(paths: RuntimePaths, *container_ids: str) -> None:
    for container_id in container_ids:
        paths.folder(container_id).mkdir(parents=True)
        paths.pid(container_id).touch()


def test_a_nested_container_lies_in_its_parents_folder(tmp_path: Path) -> None:
    paths = RuntimePaths(tmp_path)
    assert paths.pid("a") == tmp_path / "containers/a/pid"
    assert paths.pid("a.b.c") == tmp_path / "containers/a/containers/b/containers/c/pid"


def test_containers_are_listed_with_those_nested_in_them(tmp_path: Path) -> None:
    paths = RuntimePaths(tmp_path)
    make(paths, "b", "a", "a.x", "a.x.y", "lone.nested")
    (tmp_path / "containers/not an id").mkdir()
    assert paths.containers() == ("a", "a.x", "a.x.y", "b", "lone", "lone.nested")
    assert RuntimePaths(tmp_path / "nowhere").containers() == ()


def test_a_folder_goes_with_all_that_is_empty_above_it(tmp_path: Path) -> None:
    paths = RuntimePaths(tmp_path / "root")
    make(paths, "a", "a.x", "lone.nested")
    paths.remove("a.x")
    assert paths.containers() == ("a", "lone", "lone.nested")
    paths.remove("a")
    paths.remove("lone.nested")
    assert list((tmp_path / "root").iterdir()) == []
    paths.remove("a")


def test_an_id_has_the_length_and_the_letters_that_it_may() -> None:
    check_id("x" * ID_LENGTH)
    check_id("Az-09_" + ".b" * 5)
    for wrong in ("x" * (ID_LENGTH + 1), "", "é", "a\n", "a/b", ".", "..", "a..b"):
        with pytest.raises(ValueError, match="container id"):
            check_id(wrong)


def test_the_parent_is_what_stands_before_the_last_dot() -> None:
    assert parent_of("a.b.c") == "a.b"
    assert parent_of("a") == ""
