"""Small programs of actors to learn from, each in one file and tested in the simulation.

`ping` is the smallest one that survives a bad network: two actors, one question at a time, asked again
until it is answered. `primes` shares work out to actors on other nodes and copes with those that die; it
is what `pion demo` shows.
"""
