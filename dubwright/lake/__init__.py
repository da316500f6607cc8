"""The lake: one prefix in an object store that holds every result.

`store` is the interface to object storage, `local` a folder behind it, `layout` builds and parses
every key, `schemas` is what the tables hold, `lake` reads and commits units and blobs.
"""

from dubwright.lake.lake import Lake, UnitFile, open_lake

__all__ = ["Lake", "UnitFile", "open_lake"]
