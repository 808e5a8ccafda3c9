"""Bugs that were planted on purpose: who looks for bugs must find each of them, and soon.

`python -m tests.simulation.planted` tells how many seeds each took, and what noticed it.
"""
