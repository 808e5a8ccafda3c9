"""What can become of a fetch that does not succeed."""


class FetchError(Exception):
    """It cannot be done; the text says why, in words for whoever asked for it."""


class UnfitError(Exception):
    """It can be done, but not by way of the cache; the text says why."""
