"""Clients of Mesos that are not ours, and what only they do, against real daemons."""
