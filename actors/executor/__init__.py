"""Executors: what runs the tasks of a framework on one agent, and the node that hosts the built-in ones."""
