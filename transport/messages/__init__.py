"""One file per conversation between actors, both directions, in order of use.

Each type is a frozen struct that is found on the wire by its name (`transport.message`). Handlers are
idempotent, because whoever needs an answer asks again until it comes.
"""
