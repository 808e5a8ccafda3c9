"""The agent: what one host offers, and all that runs there."""
