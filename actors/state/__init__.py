"""Where the registry is kept: a store is an actor that keeps named, versioned variables.

A variable is replaced only by who names the version it has now, so that of two masters that both believe to
lead, one fails. Versions are uuids. `memory.MemoryStore` forgets all with its node; the
durable one is `actors.log.store.LogStore`.
"""
