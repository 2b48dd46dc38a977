"""The mechanism, once for all stages: facts are taken, turns are decided, events and effects leave once."""
