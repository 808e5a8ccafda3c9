from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from containerizers.linux.mounting import Step
from containerizers.linux.mounts import MountError, plan
from containerizers.spec import Device, Isolation, Mount

USER = (65534, 65534)


def steps(directory: Path | str, *mounts: Mount, **more: Any) -> tuple[Step, ...]:
    isolation = Isolation(namespaces=("mount",), mounts=mounts, **more)
    return plan(isolation, str(directory), USER)


def targets(planned: tuple[Step, ...]) -> list[str]:
    return [step[1] for step in planned if step[0] in ("attach", "attach_below")]


def test_without_a_namespace_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert plan(Isolation(devices=()), str(tmp_path), None) == ()


@pytest.mark.parametrize(
    ("isolation", "name"),
    [
        (Isolation(mounts=(Mount(target="a", content=b""),)), "mounts"),
        (Isolation(private_tmp=True), "private_tmp"),
        (Isolation(hidden=("/root",)), "hidden"),
        (Isolation(shm_bytes=1), "shm_bytes"),
    ],
)
def test_what_needs_a_namespace_says_so(isolation: Isolation, name: str, tmp_path: Path) -> None:
    with pytest.raises(MountError, match=f"{name}: needs a namespace 'mount'"):
        plan(isolation, str(tmp_path), None)


def test_a_plan_is_plain_data_and_the_host_is_left_before_anything_is_covered(tmp_path: Path) -> None:
    planned = steps(tmp_path, Mount(target="a", source="/usr"), hidden=("/root",), private_tmp=True)
    assert eval(repr(planned)) == planned  # noqa: S307  to see that it is plain
    names = [step[0] for step in planned]
    assert names.index("leave") < names.index("take") < names.index("if_there") < names.index("attach_below")


def test_a_folder_that_is_covered_stays_where_it_is(tmp_path: Path) -> None:
    sandbox = tmp_path / "work" / "sandbox"
    sandbox.mkdir(parents=True)
    assert str(sandbox) not in targets(steps(sandbox))
    assert str(sandbox) in targets(steps(sandbox, hidden=(str(tmp_path / "work"),)))


def test_a_target_in_the_folder_is_made_there_whatever_way_it_is_named(tmp_path: Path) -> None:
    for target in ("a/b", f"{tmp_path}/a/b", "./a//b/"):
        (step,) = [
            one for one in steps(tmp_path, Mount(target=target, source="/usr")) if one[0] == "attach_below"
        ]
        assert (step[1], step[5:]) == ("a/b", (str(tmp_path), USER))


def test_a_target_in_the_folder_is_found_by_a_link_to_the_folder_and_by_none_in_it(tmp_path: Path) -> None:
    sandbox = tmp_path / "real" / "sandbox"
    (sandbox / "inner").mkdir(parents=True)
    (sandbox / "link").symlink_to("inner")
    (tmp_path / "alias").symlink_to("real/sandbox")
    alias = tmp_path / "alias"
    for directory, target in ((sandbox, alias / "a"), (alias, alias / "a"), (alias, sandbox / "a")):
        assert "a" in targets(steps(directory, Mount(target=str(target), source="/usr")))
    assert "link/a" in targets(steps(alias, Mount(target=str(sandbox / "link/a"), source="/usr")))


def test_all_there_is_can_neither_be_hidden_nor_be_a_containers_own(tmp_path: Path) -> None:
    with pytest.raises(MountError, match="hidden: must not be '/'"):
        steps(tmp_path, hidden=("/",))
    with pytest.raises(MountError, match="directory: must not be '/'"):
        steps("/", private_tmp=True)
    assert targets(steps("/", hidden=("/root",))) == []


def test_a_target_below_what_is_hidden_is_made_and_any_other_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "volumes" / "v").mkdir(parents=True)
    volume = str(tmp_path / "volumes" / "v")
    mount = Mount(target=volume, source=volume)
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    hidden = steps(sandbox, mount, hidden=(str(tmp_path / "volumes"),))
    assert ("attach_below", volume) in [step[:2] for step in hidden]
    assert ("attach", volume) in [step[:2] for step in steps(sandbox, mount)]


def test_of_hidden_folders_that_lie_in_one_another_the_outermost_counts(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    planned = steps(sandbox, hidden=(str(tmp_path / "a" / "b"), str(tmp_path / "a"), str(tmp_path / "a")))
    hidden = [step[1] for step in planned if step[:3:2] == ("if_there", "hide")]
    assert [path for path in hidden if path.startswith(str(tmp_path))] == [str(tmp_path / "a")]


def test_links_to_what_is_hidden_and_to_the_folder_are_followed_while_planning(tmp_path: Path) -> None:
    (tmp_path / "real" / "sandbox").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    planned = steps(tmp_path / "link" / "sandbox", hidden=(str(tmp_path / "link"),))
    assert str(tmp_path / "real" / "sandbox") in targets(planned)


@pytest.mark.parametrize(
    ("mount", "text"),
    [
        (Mount(target="a"), "mount 'a': must have either a source or content"),
        (Mount(target="a", source="/usr", content=b""), "must have either a source or content"),
        (Mount(target="", source="/usr"), "mount '': must be a path"),
        (Mount(target="a/../../b", source="/usr"), "must be a path without '..'"),
        (Mount(target="a\0", source="/usr"), "must be a path"),
        (Mount(target=".", source="/usr"), "must not cover all"),
        (Mount(target="/", source="/usr"), "must not cover all"),
        (Mount(target="/proc/self", source="/usr"), "nor what is the kernel's"),
        (Mount(target="/sys", source="/usr"), "nor what is the kernel's"),
        (Mount(target="/dev", source="/usr"), "nor what is the kernel's"),
        (Mount(target="/etc/passwd", source="/usr"), "is the system's; that needs no_new_privileges"),
        (Mount(target="//usr/bin", source="/usr"), "is the system's"),
        (Mount(target="/lib64/x", source="/usr"), "is the system's"),
        (Mount(target="a", source="usr"), "source 'usr' must be absolute, or beneath a folder"),
        (Mount(target="a", source="/\0"), "has a NUL in it"),
        (Mount(target="a", source="/b", beneath="/c"), "source '/b' must be below '/c', without '..'"),
        (Mount(target="a", source="../b", beneath="/c"), "must be below '/c', without '..'"),
        (Mount(target="a", source="b", beneath="/c", shared_with_host=True), "is not shared with the host"),
    ],
)
def test_what_cannot_be_mounted_is_refused_with_the_rule(mount: Mount, text: str, tmp_path: Path) -> None:
    with pytest.raises(MountError, match=text):
        steps(tmp_path, mount)


def test_a_link_does_not_get_around_the_rules(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    with pytest.raises(MountError, match="is the system's"):
        steps(sandbox, Mount(target=f"{tmp_path}/link/passwd", source="/usr"))


@pytest.mark.parametrize(("user", "trusts"), [((0, 0), False), (USER, True)])
def test_root_and_who_gets_no_new_privileges_may_cover_the_systems(
    user: tuple[int, int], trusts: bool, tmp_path: Path
) -> None:
    mount = Mount(target="/etc/hostname", source="/etc/hostname")
    isolation = Isolation(namespaces=("mount",), mounts=(mount,), no_new_privileges=trusts)
    assert "/etc/hostname" in targets(plan(isolation, str(tmp_path), user))


def test_what_is_to_be_shared_must_be_on_a_mount_that_is(tmp_path: Path) -> None:
    mount = Mount(target="a", source=str(tmp_path), shared_with_host=True)
    with pytest.raises(MountError, match="is on no mount that the host shares"):
        steps(tmp_path, mount)


def test_an_own_dev_has_the_devices_that_were_given(tmp_path: Path) -> None:
    planned = steps(tmp_path, devices=(Device(path="/dev/loop0"), Device(path="/elsewhere")))
    assert {"/dev/null", "/dev/tty", "/dev/loop0"} < set(targets(planned))
    assert "/elsewhere" not in targets(planned)
    assert ("seal", "/dev") in planned


def test_a_terminal_is_the_console(tmp_path: Path) -> None:
    isolation = Isolation(namespaces=("mount",), devices=())
    planned = plan(isolation, str(tmp_path), USER, "/dev/pts/7")
    (taken,) = [step for step in planned if step[:2] == ("take", "/dev/pts/7")]
    assert ("attach_below", "/dev/console", taken[2]) in [step[:3] for step in planned]


def test_a_missing_source_is_made_for_who_needs_it(tmp_path: Path) -> None:
    beneath = Mount(target="a", source="b", beneath=str(tmp_path), makes_source=True)
    host = Mount(target="c", source="/usr/x", makes_source=True)
    planned = {step[1]: step[4] for step in steps(tmp_path, beneath, host) if step[0] == "take"}
    assert planned["b"] == USER
    assert planned["/usr/x"] == (os.geteuid(), os.getegid())
