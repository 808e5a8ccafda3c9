from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.agent import paths
from tests.actors.agent.kept import volume
from transport.records.resource import Resource

_Source = Resource.DiskInfo.Source


def test_paths_are_those_of_mesos() -> None:
    assert paths.sandboxes("a-S1", "f", "e", "c") == "slaves/a-S1/frameworks/f/executors/e/runs/c"
    assert paths.meta("a-S1", "f", "e", "c", "t") == (
        "meta/slaves/a-S1/frameworks/f/executors/e/runs/c/tasks/t"
    )


def test_a_path_ends_with_the_last_id_given() -> None:
    assert paths.sandboxes("a") == "slaves/a"
    assert paths.meta("a", "f") == "meta/slaves/a/frameworks/f"
    with pytest.raises(ValueError, match="1 to 4 ids"):
        paths.sandboxes("a", "f", "e", "c", "t")


@pytest.mark.parametrize("bad", ["", ".", "..", "a/b", "../x", "a\\b", "a\0b", "a\nb", "x" * 256])
def test_no_id_leads_elsewhere(bad: str) -> None:
    for level in range(5):
        ids = ["a", "f", "e", "c", "t"]
        ids[level] = bad
        with pytest.raises(ValueError, match="id"):
            paths.meta(*ids)


def test_no_agent_or_container_is_mistaken_for_a_file_of_the_layout() -> None:
    for agent_id in ("latest", "latest.new"):
        with pytest.raises(ValueError, match="agent id"):
            paths.meta(agent_id)
    with pytest.raises(ValueError, match="container id"):
        paths.meta("a", "f", "e", "latest")
    assert paths.meta("a", "latest", "latest") == "meta/slaves/a/frameworks/latest/executors/latest"


def test_a_container_id_has_letters_digits_dashes_and_underscores_only() -> None:
    for bad in ("a.b", "a b", "ä", "x" * 243):
        with pytest.raises(ValueError, match="container id"):
            paths.sandboxes("a", "f", "e", bad)


def test_a_volume_lies_below_the_root_of_its_disk() -> None:
    plain = volume("v1", "eng/web")
    assert paths.volume(plain) == "volumes/roles/eng web/v1"
    assert plain.disk is not None
    on_path = _Source(type=_Source.Type.PATH, path=_Source.Path(root="/mnt/ssd/"))
    assert paths.volume(replace(plain, disk=replace(plain.disk, source=on_path))) == (
        "/mnt/ssd/volumes/roles/eng web/v1"
    )
    mount = _Source(type=_Source.Type.MOUNT, mount=_Source.Mount(root="/mnt/whole"))
    assert paths.volume(replace(plain, disk=replace(plain.disk, source=mount))) == "/mnt/whole"


def test_what_is_no_volume_has_no_folder() -> None:
    plain = volume()
    assert plain.disk is not None
    raw = replace(plain.disk, source=_Source(type=_Source.Type.RAW))
    for wrong in (
        replace(plain, disk=None),
        replace(plain, reservations=()),
        volume("../../etc"),
        replace(plain, disk=raw),
    ):
        with pytest.raises(ValueError, match=r"volume|resource"):
            paths.volume(wrong)
