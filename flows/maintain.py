"""Maintain: compact the lake for readers, collect what nothing needs, verify it all, clear up after dead processes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from prefect import flow, get_run_logger
from prefect.states import Completed, Failed

from dubwright import settings as all_settings
from dubwright.catalogue import catalog as catalogs
from dubwright.errors import CatalogError
from dubwright.lake import Lake, open_lake
from dubwright.lake.collection import Collected, collect
from dubwright.lake.compaction import Compacted, compact
from dubwright.lake.verification import Finding, Verified, verify
from dubwright.planning import wishes
from dubwright.settings import Settings
from tasks.crashed import mark_crashed
from tasks.notify import tell, tell_failure
from tasks.report import introduce, leave_table
from tasks.termination import heeds_sigterm

ARTIFACT = "maintenance"
# Findings and remarks that the artifact shows; there are as many more as the summary says.
MOST_ROWS = 500


@dataclass(slots=True)
class _Maintained:
    """What was done, for the artifact and the run's message."""

    crashed: list[str]
    unfinished: int
    compacted: Compacted
    collected: Collected
    verified: Verified
    findings: list[Finding] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        return [*self.compacted.remarks, *self.collected.remarks]

    def summary(self) -> str:
        gone = ", ".join(f"{count} {kind} objects" for kind, count in self.collected.objects.items()) or "nothing"
        return (
            f"{self.compacted.written} compacted files written, {gone} "
            f"{'collected' if self.collected.deleted else 'to collect'}, {len(self.findings)} findings in "
            f"{self.verified.units} units, {len(self.remarks)} remarks, {len(self.crashed)} dead runs marked, "
            f"{self.unfinished} unfinished writes swept"
        )

    def rows(self) -> list[dict[str, str]]:
        size = self.collected.size
        return [
            *({"what": "dead run", "where": name, "detail": "marked as crashed"} for name in self.crashed),
            *(
                {"what": f"collect: {kind}", "where": f"{count} objects", "detail": f"{size[kind]} bytes"}
                for kind, count in self.collected.objects.items()
            ),
            *({"what": "left alone", "where": "", "detail": remark} for remark in self.remarks[:MOST_ROWS]),
            *(
                {"what": "finding", "where": each.key, "detail": f"{each.problem} → {each.remedy}"}
                for each in self.findings[:MOST_ROWS]
            ),
        ]


@flow(flow_run_name="maintain", on_failure=[tell_failure], on_crashed=[tell_failure], validate_parameters=True)
@heeds_sigterm
async def maintain(source: str | None = "lake:", settings: dict[str, Any] | None = None, delete: bool = False) -> Any:
    """Maintain the lake. Without `delete`, what would be collected is only counted.

    `source` is the catalogue whose plan says what is wanted; `lake:` stands for all that are registered, None for no
    catalogue: then every version but the newest goes. Ends failed if verification finds anything.
    """
    resolved = all_settings.load(settings)
    lake = open_lake(resolved.lake)
    log = get_run_logger()
    await introduce(resolved)
    crashed = await mark_crashed(lake)
    if crashed:
        # What killed them kept them from saying so themselves.
        await tell(resolved, f"dubwright: {len(crashed)} runs died", "\n".join(crashed))
    unfinished = await asyncio.to_thread(lake.store.sweep)
    compacted = await asyncio.to_thread(compact, lake)
    log.info("%d compacted files written, %d unchanged", compacted.written, compacted.unchanged)
    collected = await asyncio.to_thread(_collect, lake, source, resolved, delete)
    findings: list[Finding] = []
    verified = await asyncio.to_thread(verify, lake, findings.append)
    done = _Maintained(crashed, unfinished, compacted, collected, verified, findings)
    await leave_table(ARTIFACT, done.rows(), done.summary())
    if findings:
        return Failed(message=done.summary())
    return Completed(message=done.summary())


def _collect(lake: Lake, source: str | None, settings: Settings, delete: bool) -> Collected:
    grace = timedelta(days=settings.maintain.grace_days)
    if source is None:
        return collect(lake, grace=grace, wanted=None, delete=delete)
    try:
        catalog = catalogs.load(source, lake=lake, language=settings.source_language)
    except CatalogError as error:
        # Nobody knows what is wanted, so nothing goes; the rest of the maintenance does not depend on it.
        return Collected(delete, remarks=[f"nothing is collected: {error}"])
    return collect(lake, grace=grace, wanted=wishes.wanted(catalog, settings, lake), delete=delete)
