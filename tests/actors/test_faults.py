import pytest

from actors.faults import FaultPoints, parse_faults


def test_an_armed_point_strikes_once_at_its_nth_passing_and_others_never() -> None:
    struck: list[str] = []
    passed: list[str] = []
    fault = FaultPoints(parse_faults("log.append:2, agent.ack"), struck.append)
    for point in ("log.append", "other", "log.append", "log.append", "agent.ack", "agent.ack"):
        fault(point)
        passed.append(f"{point} {len(struck)}")
    assert struck == ["log.append", "agent.ack"]
    assert passed[:3] == ["log.append 0", "other 0", "log.append 1"]


@pytest.mark.parametrize("text", ["a:0", "a:-1", "a:x", ":1", "a:"])
def test_a_malformed_setting_is_refused_by_the_part_that_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=f"FAULT: '{text}' must be name or name:nth"):
        parse_faults(f"good:1,{text}")
