"""Translators evaluated on the cluster: where they translate for a run, with the models that are warm there."""

from __future__ import annotations

import asyncio
import uuid

from distributed import KilledWorker
from distributed.client import FutureCancelledError

from dubwright.errors import ClusterError, SchedulerLostError
from dubwright.quality import evaluation
from dubwright.quality.evaluation import Evaluation
from dubwright.quality.evaluation_set import EvaluationSet
from dubwright.settings import Settings
from dubwright.stages import STAGES
from tasks.cluster import PRIORITIES, Bench, done


async def evaluated(lines: EvaluationSet, language: str, settings: Settings, bench: Bench) -> Evaluation:
    """Have the translator into a language scored by a Dask worker that offers what it needs.

    Raises what the translator raises, `ClusterError` if no Dask worker offers it or it kills them.
    """
    what = f"evaluate {language} on {lines.name}"
    stage = STAGES["translate"]
    device = stage.module.engine(settings.translate, language).device
    needs = {stage.resource: 1} | ({"GPU": 1} if device == "cuda" else {})
    if not await bench.slots(needs):
        raise ClusterError(
            f"no Dask worker offers {','.join(needs)} ({await bench.offers()})",
            where=what,
            remedy="start one, see docs/operations.md",
        )
    future = bench.client.submit(
        evaluation.evaluate,
        lines,
        language,
        settings,
        bench.machine,
        key=f"evaluate-{uuid.uuid4().hex}",
        resources=needs,
        priority=PRIORITIES[settings.cluster.priority],
        retries=0,
        pure=False,
    )
    try:
        await done(future, bench.client)
        found = await asyncio.to_thread(future.result)
    except KilledWorker as error:
        raise ClusterError("its Dask worker died again and again", where=what, remedy="see its log") from error
    except (FutureCancelledError, ConnectionError) as error:
        raise SchedulerLostError("the connection to the Dask scheduler was lost", where=what) from error
    finally:
        future.release()  # type: ignore[no-untyped-call]
    if not isinstance(found, Evaluation):
        raise ClusterError(f"a Dask worker answered {found!r:.100}", where=what)
    return found
