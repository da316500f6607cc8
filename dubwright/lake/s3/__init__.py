"""Object stores that speak S3, through boto3.

`address` says where a store is, `client` holds the one client of a process, `failures` turns what goes wrong into our
errors and tries again what may heal, `creation` creates once, `reading` reads, `store` keeps the store's promises.
"""

from dubwright.lake.s3.store import S3Store

__all__ = ["S3Store"]
