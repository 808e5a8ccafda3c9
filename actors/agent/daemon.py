"""What makes a node an agent: its actors, put together from flags."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from actors.agent import container_flags, gateway
from actors.agent.agent import Agent
from actors.agent.archive import Archivist
from actors.agent.boot import read_boot_id
from actors.agent.container_rules import isolated_ports, rules_of
from actors.agent.detection import agent_info
from actors.agent.environment import with_inherited
from actors.agent.flags import AgentFlags
from actors.agent.folders import LocalFolders
from actors.agent.garbage import GarbageCollector
from actors.agent.gauges import AgentMetrics
from actors.agent.sandboxes import LocalSandboxes
from actors.agent.updates import Updates
from actors.election.address import parse_leader, spawn_detector
from actors.executor.child_node import ChildNode
from actors.executor.keeper import KEEPER, Keeper
from actors.flags import FlagError
from actors.metrics import Registry
from actors.node.crew import StartError
from actors.node.node import Node
from actors.pykka_system import PykkaSystem
from actors.storage import FileDisk
from transport.messages.membership import UnregisterAgent
from transport.records.resource import Resource
from transport.records.value import Value
from transport.records.value_text import format_ranges

#: The names of an agent's actors; the keeper's is its own.
AGENT: Final = "agent"
ARCHIVE: Final = "archive"
GARBAGE: Final = "garbage"
UPDATES: Final = "updates"

_RUNTIME_DIR = Path("/var/run/mesos")


class AgentCrew:
    """The actors of an agent, all of them vital: one that crashes ends the daemon; the next one recovers.

    Raises FlagError for flags that cannot be used.
    """

    def __init__(self, flags: AgentFlags) -> None:
        self._flags = flags = dataclasses.replace(flags, runtime_dir=runtime_dir(flags))
        try:
            self._leader_source = parse_leader(flags.master)
        except ValueError as error:
            raise FlagError(f"--master: {error}") from None
        self._environment = with_inherited(flags.executor_environment_variables, os.environ)
        assert flags.runtime_dir is not None
        self._runtime_dir = flags.runtime_dir
        # For their errors: what is wrong with a flag is said by the agent, not only by its executor node.
        rules_of(flags, flags.work_dir.absolute(), self._runtime_dir)
        isolated_ports(flags)

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """Start them: first those that others depend on."""
        web = gateway.listen(system, self._flags, metrics)
        flags = dataclasses.replace(
            self._flags, port=web.port, executor_environment_variables=self._environment
        )
        work_dir = flags.work_dir.absolute()
        info = agent_info(flags)
        claim(self._runtime_dir)
        boot_id = read_boot_id()
        sandboxes = LocalSandboxes(work_dir)
        measured = AgentMetrics()
        metrics.add(measured)
        contained, secret = container_flags.given(flags)
        words = executor_node_flags(flags, info.resources)
        node = ChildNode(self._runtime_dir, words, secret, contained)
        detector = spawn_detector(system, self._leader_source, flags.zk_session_timeout.seconds)
        archive = system.spawn(lambda: Archivist(flags, sandboxes, boot_id), ARCHIVE, vital=True)
        updates = system.spawn(Updates, UPDATES, vital=True)
        collector = GarbageCollector(flags, LocalFolders(work_dir), measured.executor_directory_age)
        garbage = system.spawn(lambda: collector, GARBAGE, vital=True)
        keeper = system.spawn(lambda: Keeper(node), KEEPER, vital=True)
        agent = Agent(flags, info, detector, archive, updates, garbage, keeper, measured)
        system.spawn(lambda: agent, AGENT, vital=True)


def unregister(node: Node) -> None:
    """End everything that runs on the agent, and leave the cluster; SIGUSR1."""
    node.tell(AGENT, UnregisterAgent(""))


def runtime_dir(flags: AgentFlags) -> Path:
    """Where what does not outlive a reboot is kept: as given, or where Mesos keeps it."""
    if flags.runtime_dir is not None:
        return flags.runtime_dir.absolute()
    if os.access(_RUNTIME_DIR.parent, os.W_OK):
        return _RUNTIME_DIR
    return Path(tempfile.gettempdir()) / "mesos" / "runtime"


def claim(folder: Path) -> None:
    """Make this process the one agent of a runtime directory; raises StartError while there is another.

    They would share an executor node, and each would end what the other runs. Raises OSError, too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        FileDisk(folder / "agent").lock()  # until the process ends
    except BlockingIOError:
        raise StartError(f"--runtime_dir: {folder} is in use by another agent") from None


def executor_node_flags(flags: AgentFlags, resources: Iterable[Resource]) -> list[str]:
    """What the executor node has in common with its agent, but for what is secret."""
    given = [
        *container_flags.given(flags)[0],
        f"--agent_work_dir={flags.work_dir.absolute()}",
        f"--agent_ports={format_ranges(Value.Ranges(range=_ports(resources)))}",
        f"--ip={flags.ip}",
        f"--recovery_timeout={flags.recovery_timeout}",
        f"--logging_level={flags.level}",
        f"--trace={str(flags.trace).lower()}",
    ]
    for name in ("advertise_ip", "secret_file", "trace_dir"):
        value = getattr(flags, name)
        if value is not None:
            given.append(f"--{name}={value}")
    return given


def _ports(resources: Iterable[Resource]) -> tuple[Value.Range, ...]:
    """The ports that are offered."""
    ranges = (one.ranges.range for one in resources if one.name == "ports" and one.ranges is not None)
    return tuple(span for some in ranges for span in some)
