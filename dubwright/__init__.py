"""dubwright: whole catalogues of short dramas, localized. The domain; it knows nothing of Prefect, Dask or the web."""

__version__ = "0.1.0"
