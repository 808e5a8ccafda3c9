"""The master: frameworks, agents, tasks and offers, and what it decides with."""
