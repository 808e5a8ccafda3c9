"""How a container is made. Knows nothing of Mesos, and nothing of actors.

What runs a task's processes, apart from what decides that a task shall run: a containerizer launches,
watches and destroys containers by their ids, on behalf of whoever asks. The agent is one such asker.
"""
