from __future__ import annotations

from pathlib import Path

import pytest

from actors.flags import FlagError, load
from actors.master.daemon import MasterCrew, master_info
from actors.master.flags import MasterFlags
from transport.pid import Address

ZK = "--zk=zk://10.0.0.1:2181,10.0.0.2:2181/mesos"


def flags(*words: str) -> MasterFlags:
    return load(MasterFlags, ("--work_dir=/var/lib/mesos", *words), {}, prefix="MESOS_")


def test_the_deployment_that_mesos_users_know_is_understood(tmp_path: Path) -> None:
    named = tmp_path / "zk"
    named.write_text("zk://user:secret@10.0.0.1:2181/mesos\n")
    for zk in (ZK, f"--zk=file://{named}"):
        MasterCrew(flags(zk, "--quorum=2", "--cluster=paas", "--zk_session_timeout=4secs"))


def test_a_master_alone_needs_no_quorum_and_ignores_one() -> None:
    MasterCrew(flags())
    MasterCrew(flags("--quorum=2"))


def test_masters_without_a_registry_on_disk_need_no_quorum() -> None:
    MasterCrew(flags(ZK, "--registry=in_memory"))


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((ZK,), "--quorum: must be given with --zk"),
        (("--zk=10.0.0.1:2181/mesos", "--quorum=2"), "--zk: '10.0.0.1:2181/mesos': must begin with zk://"),
        (("--zk=zk://10.0.0.1:2181", "--quorum=2"), "path"),
        (("--zk=zk://10.0.0.1:2181/", "--quorum=2"), "path"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(words: tuple[str, ...], rule: str) -> None:
    with pytest.raises(FlagError, match=rule):
        MasterCrew(flags(*words))


def test_a_wrong_address_of_zookeeper_is_refused_without_its_password() -> None:
    with pytest.raises(FlagError) as refusal:
        MasterCrew(flags("--zk=zk://user:secret@10.0.0.1:2181/", "--quorum=2"))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("--quorum=0", "must be at least 1"),
        ("--zk_session_timeout=100ms", "must be from 1secs to 1hrs"),
        ("--on_leadership_loss=abdicate", "on_leadership_loss"),
        ("--master_contender=mine", "give --zk"),
    ],
)
def test_values_that_cannot_be_are_refused(word: str, rule: str) -> None:
    with pytest.raises(FlagError, match=rule):
        flags(word)


def test_a_registry_on_disk_needs_a_folder() -> None:
    with pytest.raises(FlagError, match="--work_dir"):
        MasterCrew(load(MasterFlags, (), {}, prefix="MESOS_"))


def test_what_a_master_says_about_itself_is_what_mesos_says() -> None:
    info = master_info(flags("--ip=10.0.0.1", "--hostname=one"), "m1", Address("10.0.0.1", 6050))
    assert (info.id, info.ip, info.port, info.pid) == ("m1", 16777226, 5050, "master@10.0.0.1:5050")
    assert info.address is not None
    assert (info.address.hostname, info.address.ip, info.address.port) == ("one", "10.0.0.1", 5050)
