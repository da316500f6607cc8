"""Prefect tasks: one file per stage, each around the one domain function that does its work on a Dask worker.

`cluster` opens or joins the Dask cluster and runs units there; `unit_task` is the project's only task decorator;
`events` tells whoever listens in this process how units fare. Nothing here knows how a stage works.
"""
