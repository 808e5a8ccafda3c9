"""A description of all that a daemon serves: for people at `/help`, for programs at `/openapi.json`.

Nothing is served because it is described here, and nothing is described that is not served: paths and methods
are the daemon's own routes, calls are those that have a handler, and the forms of the v1 APIs come from the
records' declarations (`schemas`). A few words about an endpoint (`endpoint`) stand in tables beside the code
that serves it; the documentation of its handler stands in for what they do not say.
"""
