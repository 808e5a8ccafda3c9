"""From what a framework asks for to what a container is made from; pure.

`containment` puts a ContainerSpec together for a task, an executor or an operator's container. What the
agent's flags say is in `rules`. The parts: `limits` (what may be used), `isolation` (Linux), `volumes` and
`host_paths` (what is seen of the host), `docker`, `docker_volumes` and `image`.

Whatever cannot be had is refused by a ValueError that names the field and the rule: a task that asked for
isolation and runs without it would be worse than one that does not run.
"""
