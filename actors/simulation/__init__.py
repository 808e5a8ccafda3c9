"""Clusters of actors in one thread and virtual time, with faults, from one seed."""

from actors.simulation.disk import SimulatedDisk
from actors.simulation.failure import SimulationFailure
from actors.simulation.faults import Faults
from actors.simulation.node import SimulatedNode
from actors.simulation.plan import Plan
from actors.simulation.probe import Probe
from actors.simulation.simulation import Simulation

__all__ = ["Faults", "Plan", "Probe", "SimulatedDisk", "SimulatedNode", "Simulation", "SimulationFailure"]
