"""Faults of the protocol that were planted on purpose: the explorer must find each of them, and soon.

`python -m tests.simulation.paxos planted` tells how many schedules each took, and what noticed it.
"""
