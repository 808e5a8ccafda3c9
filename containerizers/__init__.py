"""How a container is made: a process or a Docker container, with its isolation, limits and image.

This package knows nothing of Mesos, of actors or of messages: it is told what to run and says what became
of it, so that it can be used, and tested, alone.
"""
