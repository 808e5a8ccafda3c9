"""Sees which master leads when, and whose orders are followed, in a cluster with several of them."""

from __future__ import annotations

from actors.election.address import MASTER
from actors.master.master import Master
from actors.simulation import SimulatedNode, Simulation
from transport.envelope import Envelope
from transport.messages.launching import RunTask, RunTaskGroup
from transport.messages.registry import RegistryRecovered
from transport.pid import Pid


class Succession:
    """Watches one cluster from its beginning."""

    def __init__(self, sim: Simulation) -> None:
        #: The epoch of each master that began to reign.
        self._epochs: dict[Pid, int] = {}
        #: By task, whether it was ordered by a master that its agent's node knew no newer one than.
        self._orders: dict[str, bool] = {}
        #: The greatest epoch that anybody reigned in, of late.
        self.newest = -1
        sim.observe(self._see)

    @property
    def reigns(self) -> int:
        """How many there were."""
        return len(self._epochs)

    def check_order(self, task_id: str) -> None:
        """Raise AssertionError where a task starts that only an outdated master had ordered (I24)."""
        assert self._orders.get(task_id), f"I24: {task_id}: started by order of an outdated master only"

    def _see(self, node: SimulatedNode, envelope: Envelope) -> None:
        message = envelope.message
        if isinstance(message, RunTask):
            self._order(node, envelope.sender, message.task.task_id.value)
        elif isinstance(message, RunTaskGroup):
            for task in message.group.tasks:
                self._order(node, envelope.sender, task.task_id.value)
        elif envelope.to.name == MASTER:
            self._act(node, message)

    def _act(self, node: SimulatedNode, message: object) -> None:
        try:
            master = node.process(MASTER, Master)
        except LookupError:
            return
        mandate = master.mandate
        if isinstance(message, RegistryRecovered):
            self._epochs[master.pid] = mandate.epoch
            assert mandate.epoch > self.newest, f"I17: epoch {mandate.epoch} begins after {self.newest}"
            self.newest = mandate.epoch
        elif master.reigns and not master.over and mandate.epoch < self.newest:
            raise AssertionError(f"R2: epoch {mandate.epoch} acts while {self.newest} reigns")

    def _order(self, node: SimulatedNode, master: Pid, task_id: str) -> None:
        epoch = self._epochs.get(master)
        assert epoch is not None, f"I24: {task_id}: ordered by {master}, which never reigned"
        self._orders[task_id] = self._orders.get(task_id, False) or epoch >= node.epoch
