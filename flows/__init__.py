"""Prefect flows: what runs, when, in what order. One file per operator's intention; no task is defined here."""
