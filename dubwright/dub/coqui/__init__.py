"""Coqui's synthesizers: `xtts` speaks with any voice that it is shown, `mms` in languages that few others speak.

Both read all they load from the model store's folders, run nothing that those may hold, and ask nobody anything.
"""
