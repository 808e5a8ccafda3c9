"""The registrar: the one writer of the registry, what of a cluster outlives every master.

`changes.RegistryBooks` decides what an operation does to the registry; `registrar.Registrar` keeps it in a
store, several operations in one write. A master answers nobody for a change before it is durable
(reliability.md I17, I21), and ends when it can not be made so.
"""
