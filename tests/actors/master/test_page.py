from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest

from actors.master.log_view import LogView
from actors.master.page import HEADERS, Page
from transport.messages.replication import LogStatus, MemberStatus, Status
from transport.pid import Address, Pid

OWN = Pid("log-replica(1)", "10.0.0.1", 6050)


def log(
    *statuses: Status | None, own: Status = Status.VOTING, unreachable: str = "", diagnosis: str = ""
) -> LogView:
    peers = tuple(
        MemberStatus(
            Pid(OWN.name, f"10.0.0.{number}", 6050),
            status,
            None if status is None else 0.5,
            end=7,
            quorum=2,
            unreachable=unreachable if status is None else "",
        )
        for number, status in enumerate(statuses, 2)
    )
    members = (MemberStatus(OWN, own, 0.0, end=7, quorum=2), *peers)
    return LogView.of(
        LogStatus(
            OWN,
            own,
            2,
            True,
            members,
            end=7,
            recovering_seconds=0.0 if own is Status.VOTING else 9.0,
            group="zk://10.0.0.9:2181/mesos/log_replicas",
            connected=True,
            diagnosis=diagnosis,
        )
    )


WELL = Page(
    cluster="paas",
    own=Address("10.0.0.1", 5050),
    leader=Address("one.example", 5050),
    leads=False,
    epoch=4,
    log=log(Status.VOTING, Status.VOTING),
)


class Reader(HTMLParser):
    """Reads a page as people do, and notes tags that are not closed."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.classes: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.feed(document)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.classes += (given.get("class") or "").split()
        if "href" in given:
            self.links.append(given["href"] or "")
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def read(page: Page) -> Reader:
    reader = Reader(page.render())
    assert reader.open == []
    return reader


def test_it_says_who_leads_and_leads_there() -> None:
    page = read(WELL)
    assert "The master at one.example:5050 leads, in epoch 4; this one stands by." in page.text
    assert "//one.example:5050/" in page.links
    assert "This master leads , in epoch 4." in read(msgspec.structs.replace(WELL, leads=True)).text
    lost = msgspec.structs.replace(WELL, leader=None, nobody="<nobody> knows why")
    assert "No master leads , as far as this one knows: <nobody> knows why" in read(lost).text


def test_it_shows_every_replica_and_that_all_is_well() -> None:
    text = read(WELL).text
    assert "All is well." in text
    assert "--quorum=2 is for 3 masters; connected to zk://10.0.0.9:2181/mesos/log_replicas." in text
    assert "10.0.0.1:6050 (this master) VOTING 1 to 7" in text
    assert "10.0.0.3:6050 VOTING 1 to 7" in text
    assert "notice" not in read(WELL).classes


def test_it_says_what_is_wrong_and_what_to_do() -> None:
    broken = log(None, Status.EMPTY, own=Status.EMPTY, unreachable="cannot connect")
    page = read(msgspec.structs.replace(WELL, log=broken))
    assert "Nothing listens at 10.0.0.2:6050" in page.text
    assert "Start it again" in page.text
    assert "All is well" not in page.text
    assert {"notice", "bad"} <= set(page.classes)
    weak = read(msgspec.structs.replace(WELL, log=log(Status.VOTING)))
    assert "one more lost" in weak.text
    assert "mild" in weak.classes


def test_it_can_be_shown_without_a_log() -> None:
    page = read(msgspec.structs.replace(WELL, log=None, trouble="log-recovery did not answer within 5 s"))
    assert "log-recovery did not answer within 5 s" in page.text
    assert "Nothing is known of it." in page.text


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_others_say_of_themselves_is_never_markup(evil: str) -> None:
    log_view = log(None, Status.EMPTY, own=Status.EMPTY, unreachable=evil)
    page = msgspec.structs.replace(WELL, cluster=evil, leader=Address(evil, 5050), log=log_view)
    document = page.render()
    assert evil not in document
    assert not {"script", "img"} & set(document.replace("<", " <").replace(">", " ").split())
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
