"""Ingest reads from stores what the catalogue found there, so it is tried on the catalogue's bucket."""

from tests.catalogue.conftest import bucket

__all__ = ["bucket"]
