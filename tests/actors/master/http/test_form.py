from __future__ import annotations

import pytest

from actors.master.http.form import Form, read_record, read_records
from transport.http.exchange import HttpError
from transport.records.machine import MachineID
from transport.records.quota import QuotaRequest


def refused(error: pytest.ExceptionInfo[HttpError]) -> str:
    assert error.value.response.status == 400
    return str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        b'slaveId=a+b&machines=[{"hostname": "h"}]',
        b"machines=%5B%7B%22hostname%22%3A%22h%22%7D%5D&slaveId=a%20b",
        b'slaveId=z&&slaveId=a b&machines=\n[\n{"hostname":\t"h"}\n]&',
    ],
)
def test_a_form_may_be_percent_encoded_or_not(body: bytes) -> None:
    form = Form(body)
    assert form.text("slaveId") == "a b"
    assert form.records("machines", MachineID) == (MachineID(hostname="h"),)
    assert form.records_if_any("source", MachineID) == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "machines: must be given in the body, as in machines=..."),
        (b"machines", "machines: must be a JSON array"),
        (b"machines={}", "machines: must be a JSON array"),
        (b"machines=[1]", "machines[0]: Expected `object`, got `int`"),
        (b'machines=[{}, {"hostname": []}]', "machines[1]: Expected `str | null`, got `array`"),
        (b"machines=%zz", "body: a % must be followed by two hexadecimal digits"),
        (b"machines=%ff", "body: must be UTF-8"),
        (b"machines=\xff", "body: must be UTF-8"),
        (b"a=1&" * 101, "body: more than 100 fields"),
        (b"machines=" + b"[" * 100_000, "machines: must be a JSON array"),
    ],
)
def test_a_form_that_is_not_right_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(HttpError) as error:
        Form(body).records("machines", MachineID)
    assert reason in refused(error)


def test_lists_and_records_are_named_where_they_are_wrong() -> None:
    with pytest.raises(HttpError) as error:
        read_records(b"{}", MachineID)
    assert refused(error).startswith("body: must be a JSON array")
    with pytest.raises(HttpError) as error:
        read_record(b'{"guarantee": [{"name": "cpus"}]}', QuotaRequest)
    assert refused(error).startswith("body: Object missing required field `type` - at `$.guarantee[0]`")
    with pytest.raises(HttpError) as error:
        read_record(b"", QuotaRequest)
    assert refused(error).startswith("body: ")
