"""`dubwright up`: the whole platform on one machine, started, looked after and ended together.

`command` is the command, `parts` what is started and how each process is told of the others, `supervisor` starts them,
starts again what dies, and ends them all; `marked` finds them, whatever they have become.
"""
