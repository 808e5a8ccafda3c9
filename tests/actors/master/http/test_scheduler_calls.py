import pytest
from msgspec.structs import replace

from actors.master.http.scheduler_calls import call_error, message_of
from tests.actors.master.http.conversation import CALLS, FRAMEWORK, INFO, TASK, UUID_BYTES
from transport.http.media_type import Encoding
from transport.message import Message
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID, OperationID
from transport.records.scheduler_call import Call

_TYPE = Call.Type
_OTHER = FrameworkID(value="m-0001")


def test_there_is_an_example_of_each_call() -> None:
    assert {call.type for call, _ in CALLS} == {*_TYPE} - {_TYPE.UNKNOWN}


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize(("call", "message"), CALLS, ids=lambda one: type(one).__name__)
def test_each_call_is_a_message_in_either_form(call: Call, message: Message, encoding: Encoding) -> None:
    read = encoding.decode(encoding.encode(call), Call)
    assert call_error(read) is None
    assert message_of(read) == message


@pytest.mark.parametrize("kind", [kind for kind in _TYPE if kind not in (_TYPE.UNKNOWN, _TYPE.SUBSCRIBE)])
def test_every_call_but_a_subscription_names_its_framework(kind: Call.Type) -> None:
    (call, *_) = [call for call, _ in CALLS if call.type is kind]
    error = call_error(replace(call, framework_id=None))
    assert error == f"framework_id: must be given if type is {kind.value}"


def _subscribe(own: FrameworkID | None, said: FrameworkID | None) -> Call:
    info = FrameworkInfo(user="root", name="jobs", id=said)
    return Call(type=_TYPE.SUBSCRIBE, framework_id=own, subscribe=Call.Subscribe(framework_info=info))


def test_a_subscription_names_its_framework_once_or_twice_the_same() -> None:
    for own, said in [(None, None), (None, FRAMEWORK), (FRAMEWORK, FRAMEWORK), (FrameworkID(value=""), None)]:
        assert call_error(_subscribe(own, said)) is None
    for own, said in [(FRAMEWORK, None), (FRAMEWORK, _OTHER)]:
        error = call_error(_subscribe(own, said))
        assert error == "framework_id: must be subscribe.framework_info.id, or absent"


def test_a_framework_describes_itself_and_no_other() -> None:
    for said in (None, _OTHER):
        update = Call.UpdateFramework(framework_info=replace(INFO, id=said))
        call = Call(type=_TYPE.UPDATE_FRAMEWORK, framework_id=FRAMEWORK, update_framework=update)
        assert call_error(call) == "update_framework.framework_info.id: must be framework_id"


@pytest.mark.parametrize("uuid", [b"", UUID_BYTES[:15], UUID_BYTES + b"\x00"])
def test_the_uuid_of_an_acknowledgement_has_16_bytes(uuid: bytes) -> None:
    agent_id = AgentID(value="m-S0")
    task = Call(
        type=_TYPE.ACKNOWLEDGE,
        framework_id=FRAMEWORK,
        acknowledge=Call.Acknowledge(agent_id=agent_id, task_id=TASK, uuid=uuid),
    )
    assert call_error(task) == f"acknowledge.uuid: must have 16 bytes, not {len(uuid)}"
    operation = Call(
        type=_TYPE.ACKNOWLEDGE_OPERATION_STATUS,
        framework_id=FRAMEWORK,
        acknowledge_operation_status=Call.AcknowledgeOperationStatus(
            agent_id=agent_id, uuid=uuid, operation_id=OperationID(value="o1")
        ),
    )
    error = call_error(operation)
    assert error == f"acknowledge_operation_status.uuid: must have 16 bytes, not {len(uuid)}"


def test_an_acknowledgement_of_an_operation_names_its_agent() -> None:
    acknowledged = Call.AcknowledgeOperationStatus(uuid=UUID_BYTES, operation_id=OperationID(value="o1"))
    call = Call(
        type=_TYPE.ACKNOWLEDGE_OPERATION_STATUS,
        framework_id=FRAMEWORK,
        acknowledge_operation_status=acknowledged,
    )
    assert call_error(call) == "acknowledge_operation_status.agent_id: must be given"
