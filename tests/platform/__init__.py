"""The platform as real processes on loopback: PostgreSQL, a Prefect server and worker, a Dask scheduler and workers."""

from tests.platform.platform import Platform

__all__ = ["Platform"]
