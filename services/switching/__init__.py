"""Switching: the steps that isolate a fault and feed the rest another way. It proposes; a person executes."""
