"""Operations on the agent's resources: applied once, made durable, told until they are acknowledged."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Final

from actors.agent.books import Books
from actors.agent.operation import OperationEntry
from actors.agent.world import World
from transport.messages.checkpointing import Archived, RemoveVolumes, Save, SaveResources
from transport.messages.launching import (
    AcknowledgeOperationUpdate,
    ApplyOperation,
    OperationApplied,
    ReconcileAgentOperations,
)
from transport.records.ids import UUID, AgentID, FrameworkID
from transport.records.offer import Offer
from transport.records.operation import Operation, OperationState, OperationStatus
from transport.records.resource import Resource
from transport.records.resource_conversion import ResourceConversion, conversion_of
from transport.records.resources import Resources

_Type = Offer.Operation.Type
_State = OperationState
#: The pauses between tellings of the same update: from the first, doubling, to the longest.
_FIRST_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 600.0


class OperationDesk:
    """Changes the agent's total, and sees to it that somebody hears of it."""

    def __init__(self, world: World, books: Books) -> None:
        self._world = world
        self._books = books

    # --- what the master asks ---

    def apply(self, message: ApplyOperation) -> None:
        """Change the resources, once for each uuid."""
        known = self._books.operations.get(message.operation_uuid)
        if known is not None:
            if known.saved:
                self._tell(known)
            return
        volumes = Resources()
        try:
            conversion = self._conversion(message.operation)
        except ValueError as error:
            entry = self._note(message, _State.OPERATION_DROPPED, str(error))
        else:
            total = self._books.total - conversion.consumed + conversion.converted
            self._books.total = total
            entry = self._note(message, _State.OPERATION_FINISHED, None, conversion.converted)
            if message.operation.type is _Type.DESTROY:
                volumes = conversion.consumed.persistent_volumes
        saves: list[Save] = [self._resources()]
        if volumes:
            saves.append(RemoveVolumes(tuple(volumes)))
        self._world.archive(tuple(saves), partial(self._saved, entry))

    def acknowledge(self, message: AcknowledgeOperationUpdate) -> None:
        """Somebody has dealt with an operation's update."""
        entry = self._books.operations.get(message.operation_uuid)
        if entry is None or entry.status.uuid is None or entry.status.uuid.value != message.status_uuid:
            return
        entry.cancel()
        del self._books.operations[message.operation_uuid]
        if entry.record is not None:
            self._world.archive((self._resources(),), _nothing)

    def reconcile(self, message: ReconcileAgentOperations) -> None:
        """Tell of the operations that never came here."""
        for number in message.operation_uuids:
            entry = self._books.operations.get(number)
            if entry is None:
                status = self._status(None, _State.OPERATION_DROPPED, "the agent does not know the operation")
                entry = OperationEntry(number, None, status)
                entry.saved = True
                self._books.operations[number] = entry
                self._begin(entry)

    # --- telling ---

    def tell_all(self) -> None:
        """A master listens: tell it now what is not acknowledged."""
        for entry in list(self._books.operations.values()):
            if entry.saved:
                entry.cancel()
                self._begin(entry)

    def _begin(self, entry: OperationEntry) -> None:
        self._repeat(entry, _FIRST_SECONDS)

    def _repeat(self, entry: OperationEntry, seconds: float) -> None:
        self._tell(entry)
        longer = min(seconds * 2, _LONGEST_SECONDS)
        entry.timer = self._world.delay(seconds, self._repeat, entry, longer)

    def _tell(self, entry: OperationEntry) -> None:
        self._world.report(
            OperationApplied(self._books.agent_id, entry.uuid, entry.status, entry.framework_id)
        )

    # --- after a restart ---

    def recover(self, operations: tuple[Operation, ...]) -> None:
        """Take up what was not acknowledged; volumes are removed that should have been by then."""
        volumes = Resources()
        for record in operations:
            owner = None if record.framework_id is None else record.framework_id.value
            entry = OperationEntry(record.uuid.value, owner, record.latest_status, record)
            entry.saved = True
            self._books.operations[entry.uuid] = entry
            done = record.latest_status.state is _State.OPERATION_FINISHED
            if done and record.info.type is _Type.DESTROY:
                volumes += conversion_of(record.info).consumed.unallocate().persistent_volumes
        there = set(self._books.total.identities)
        left = volumes.where(lambda identity: identity not in there)
        if left:
            self._world.archive((RemoveVolumes(tuple(left)),), _nothing)

    # --- books ---

    def _conversion(self, operation: Offer.Operation) -> ResourceConversion:
        """What the operation does to the total, of which nothing is allocated; raises ValueError."""
        consumed, converted = conversion_of(operation)
        consumed, converted = consumed.unallocate(), converted.unallocate()
        if not self._books.total.contains(consumed):
            raise ValueError(f"{consumed} is not on this agent")
        rest = self._books.total - consumed
        if not rest.contains(self._books.used):
            raise ValueError(f"{consumed} is in use")
        return ResourceConversion(consumed, converted)

    def _note(
        self,
        message: ApplyOperation,
        state: OperationState,
        error: str | None,
        converted: Resources | None = None,
    ) -> OperationEntry:
        operation = message.operation
        self._world.log.info(
            "operation",
            operation=None if operation.type is None else operation.type.name,
            state=state.name,
            framework_id=message.framework_id,
            error=error,
        )
        status = self._status(operation, state, error, tuple(converted or ()))
        record = Operation(
            framework_id=None if message.framework_id is None else FrameworkID(value=message.framework_id),
            agent_id=AgentID(value=self._books.agent_id),
            info=operation,
            latest_status=status,
            statuses=(status,),
            uuid=UUID(value=message.operation_uuid),
        )
        entry = OperationEntry(message.operation_uuid, message.framework_id, status, record)
        self._books.operations[entry.uuid] = entry
        return entry

    def _status(
        self,
        operation: Offer.Operation | None,
        state: OperationState,
        message: str | None,
        converted: tuple[Resource, ...] = (),
    ) -> OperationStatus:
        number = uuid.UUID(int=self._world.rng.getrandbits(128), version=4)
        return OperationStatus(
            operation_id=None if operation is None else operation.id,
            state=state,
            message=message,
            converted_resources=converted,
            uuid=UUID(value=number.bytes),
            agent_id=AgentID(value=self._books.agent_id),
        )

    def _resources(self) -> SaveResources:
        records = [one.record for one in self._books.operations.values() if one.record is not None]
        return SaveResources(tuple(self._books.total), tuple(records))

    def _saved(self, entry: OperationEntry, _archived: Archived) -> None:
        entry.saved = True
        self._begin(entry)


def _nothing(_archived: Archived) -> None:
    pass
