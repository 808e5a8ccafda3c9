from __future__ import annotations

import pytest

from containerizers.fetcher.order import Wanted
from containerizers.fetcher.plan import plan, shown


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("http://host/a/b.sh", ("b.sh",)),
        ("http://host/b.tgz?token=c", ("b.tgz?token=c",)),
        ("  https://host/b", ("b",)),
        ("file:///a/b", ("b",)),
        ("/a/b", ("b",)),
        ("http://host/a/ü☃", ("ü☃",)),
    ],
)
def test_a_file_is_named_as_its_uri_ends(uri: str, parts: tuple[str, ...]) -> None:
    step = plan(Wanted(uri=uri))
    assert (step.error, step.parts) == (None, parts)


def test_a_source_is_an_address_or_a_path() -> None:
    assert plan(Wanted(uri="HTTP://host/a")).url == "HTTP://host/a"
    assert plan(Wanted(uri="file:///a/b")).path == "/a/b"
    assert plan(Wanted(uri="file://localhost/a/b")).path == "/a/b"
    assert plan(Wanted(uri="/a/b")).path == "/a/b"
    assert plan(Wanted(uri="a/b"), "/home/").path == "/home/a/b"


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "must not be empty"),
        ("http://host", "must have a path"),
        ("http://host/", "must have a path"),
        ("http://host/a/", "must not be ''"),
        ("http://host/..", "must not be '..'"),
        ("/", "must not be ''"),
        ("http://host/a\nHost: other", "control characters"),
        ("http://host/a\0", "control characters"),
        ("http://host/it's", "control characters"),
        ("http://host/a\\b", "control characters"),
        ("http://host/\udc80", "must be Unicode"),
        ("http://host/" + "a" * 256, "longer than 255 bytes"),
        ("http://host/" + "a" * 40_000, "longer than 32768 bytes"),
        ("file://a/b", "absolute path"),
        ("a/b", "--frameworks_home"),
        ("ftp://host/a", "ftp:// is not supported"),
        ("hdfs://host/a", "no Hadoop client"),
        ("s3://bucket/a", "no Hadoop client"),
        ("gopher://host/a", "no Hadoop client"),
    ],
)
def test_what_cannot_be_fetched_says_why(uri: str, reason: str) -> None:
    error = plan(Wanted(uri=uri)).error
    assert error is not None
    assert reason in error


@pytest.mark.parametrize(
    ("output_file", "parts"), [("a", ("a",)), ("a/b", ("a", "b")), ("./a//b", ("a", "b"))]
)
def test_an_output_file_may_lie_in_folders(output_file: str, parts: tuple[str, ...]) -> None:
    step = plan(Wanted(uri="/file", output_file=output_file))
    assert (step.error, step.parts) == (None, parts)


@pytest.mark.parametrize(
    ("output_file", "reason"),
    [
        ("/a", "must not be absolute"),
        ("../a", "must not be '..'"),
        ("a/../../b", "must not be '..'"),
        ("", "must name a file"),
        (".", "must name a file"),
        ("a/", "must name a file"),
        ("a\nb", "control characters"),
        ("a/" * 40 + "b", "more than 32 folders"),
    ],
)
def test_an_output_file_lies_in_the_folder(output_file: str, reason: str) -> None:
    error = plan(Wanted(uri="/file", output_file=output_file)).error
    assert error is not None
    assert error.startswith("output_file: ")
    assert reason in error


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        *((f"a{end}", "tar") for end in (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")),
        ("a.zip", "zip"),
        ("a.gz", "gz"),
        ("a.log.gz", "gz"),
        ("a.bz2", None),
        ("a.xz", None),
        ("a.TAR", None),
        ("a.tgz?x", None),
        ("tar", None),
    ],
)
def test_the_ending_of_a_name_says_what_is_an_archive(name: str, packed: str | None) -> None:
    assert plan(Wanted(uri=f"/{name}")).packed == packed
    assert plan(Wanted(uri=f"/{name}", extract=False)).packed is None
    assert plan(Wanted(uri=f"/{name}", executable=True)).packed is None


def test_the_name_in_the_folder_counts_but_that_of_the_uri_when_it_is_cached() -> None:
    assert plan(Wanted(uri="/a.bin", output_file="a.zip")).packed == "zip"
    assert plan(Wanted(uri="/a.zip", output_file="a.bin")).packed is None
    assert plan(Wanted(uri="/a.zip", output_file="a.bin", cache=True)).packed == "zip"


def test_a_password_is_not_shown() -> None:
    assert shown("http://me:secret@host/a@b:c") == "http://me:***@host/a@b:c"
    assert shown("http://me@host/a:b@c") == "http://me@host/a:b@c"
    assert shown("http://host/a:b@c") == "http://host/a:b@c"
    assert plan(Wanted(uri="ftp://me:secret@host/a")).shown == "ftp://me:***@host/a"
