"""What runs are called in Prefect: by what they are about, as a person would say it."""

from __future__ import annotations

from prefect.runtime import flow_run


def of_catalog() -> str:
    """`lake:dramas to en, es`."""
    return f"{flow_run.parameters.get('source')} {_into()}"


def of_series() -> str:
    """`长夜灯 to en, es`."""
    return f"{flow_run.parameters.get('series')} {_into()}"


def of_backfill() -> str:
    """`backfill of lake: to fr`; a run that also tries again what failed is a `retry of lake: to fr`."""
    kind = "retry" if flow_run.parameters.get("retry_failed") else "backfill"
    return f"{kind} of {flow_run.parameters.get('source')} {_into()}"


def _into() -> str:
    to = flow_run.parameters.get("to")
    return f"to {', '.join(map(str, to))}" if to else "to its own languages"
