"""A node: one process of the operating system, and the actors that it hosts.

`node.Node` puts the parts together: a `PykkaSystem` with its router and supervisor, the disk, the tracer,
the metrics, and two actors that every node has. `node` (`control.NodeControl`) tells who the node is, and
starts and stops actors for those who may ask; `trace` answers for what its actors said. Which actors a
node starts with is written `name=module:Class,setting=value` (`plugin`); the settings are the keyword
arguments of the class, read as their annotations say.

A node ends when it is told to: by a signal, by `StopNode`, or by its supervisor when a vital actor cannot
be kept alive. Its actors then finish in the reverse order of their start.
"""
