"""What a person can have run: a localization, a series, a backfill, a retry. Checked first, with what it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from httpx import HTTPStatusError
from prefect.exceptions import ObjectNotFound, PrefectException

from desk.runs.causes import Cause
from desk.runs.listing import Model, Run, described
from desk.runs.server import server
from dubwright import languages
from dubwright import settings as all_settings
from dubwright.catalogue import catalog as catalogs
from dubwright.catalogue import registered
from dubwright.errors import ClusterError, SettingsError
from dubwright.lake import Lake, open_lake
from dubwright.planning import backfill as backfills
from dubwright.planning import plan
from dubwright.planning.backfill import Limits, Selection
from dubwright.quality.evaluation_log import require_standing
from dubwright.settings import Priority, Settings

LOCALIZE = "localize-catalog/localize"
RELEASE = "localize-catalog/release"
BACKFILL = "backfill/backfill"
RETRY = "backfill/retry"


class Order(Model):
    """A run of a deployment (`flow/deployment`) with these parameters: sound by itself, not started."""

    deployment: str
    parameters: dict[str, Any]


class Units(Model):
    """Units of a stage, in a language where it has any, that a run would compute."""

    stage: str
    language: str | None
    wanted: int


class Forecast(Model):
    """What an order would take by what the lake knows: `minutes` of video, `hours` of a Dask worker's time, `bytes` of lake.

    `unknown` names stages without history, which are in neither hours nor bytes; `failed` counts units that are left alone
    because they failed for good. `price` is what the hours cost in `currency` (None: the settings name no price).
    """

    series: int
    units: list[Units]
    committed: int
    failed: int
    minutes: float
    hours: float
    bytes: float
    unknown: list[str]
    price: float | None = None
    currency: str = ""


def localization(
    source: str,
    to: Sequence[str] | None = None,
    only: str | None = None,
    until: str = "render",
    priority: Priority = "normal",
    retry_failed: bool = False,
    settings: dict[str, Any] | None = None,
) -> Order:
    """Localize a catalogue, or with `only` one SERIES or SERIES/EPISODE of it.

    Without `to` a registered catalogue comes into its own languages. Raises `LanguageError`, `SettingsError`.
    """
    parameters = {
        "source": source,
        "to": _tags(to) if to else None,
        "settings": _at(priority, settings),
        "only": only,
        "until": until,
        "retry_failed": retry_failed,
    }
    return _checked(RELEASE if priority == "release" else LOCALIZE, parameters)


def backfill(
    to: Sequence[str],
    source: str = registered.PREFIX,
    series: Sequence[str] | None = None,
    since: str | None = None,
    minutes: float | None = None,
    hours: float | None = None,
    settings: dict[str, Any] | None = None,
) -> Order:
    """Bring everything, or some series, into the languages `to`, behind all other work, within limits.

    Raises `LanguageError`, `SettingsError`.
    """
    backfills.since(since)
    parameters = {
        "to": _tags(to),
        "source": source,
        "settings": _at("backfill", settings),
        "series": list(series) if series else None,
        "since": since,
        "budget_minutes": minutes,
        "hours": hours,
    }
    return _checked(BACKFILL, parameters)


def retry(cause: Cause, lake: Lake, source: str = registered.PREFIX, to: Sequence[str] = ()) -> Order:
    """Try again what failed of one cause: the series in which it did, in the languages in which it did.

    Whatever else those series lack in these languages is done as well, and tried again if it failed for another reason.
    Where the units serve every language (ingest, transcribe), these are `to`, or the source's own. Raises `SettingsError` if it
    has none, `CatalogError` if no such catalogue is registered.
    """
    wanted = set(cause.languages) | set(_tags(to) if to else ())
    if not to and any(unit.language is None for unit in cause.units):
        wanted |= set(own_languages(source, lake))
    if not wanted:
        raise SettingsError(
            "the failed units serve every language, and none is named",
            where=source,
            field="to",
            remedy="name the languages, or register the catalogue with its own",
        )
    return of_series(cause.series, sorted(wanted), source, retry_failed=True)


def of_series(
    series: Sequence[str],
    to: Sequence[str],
    source: str = registered.PREFIX,
    priority: Priority = "normal",
    *,
    retry_failed: bool = False,
) -> Order:
    """Localize some series of a catalogue into the languages `to`; with `retry_failed` also what failed for good.

    Raises `LanguageError`, `SettingsError`.
    """
    parameters = {
        "to": _tags(to),
        "source": source,
        "settings": _at(priority, None),
        "series": list(series),
        "retry_failed": retry_failed,
    }
    # Whatever it is called: of the deployments that take several series, the one in the queue of ordinary work.
    return _checked(RETRY, parameters)


def on(lake: Lake, order: Order) -> Order:
    """The order for what is seen here: it names the lake where that is another one than the settings' own."""
    settings = order.parameters["settings"]
    if open_lake(all_settings.load(settings).lake).uri == lake.uri:
        return order
    return Order(deployment=order.deployment, parameters=order.parameters | {"settings": settings | {"lake": lake.uri}})


def own_languages(source: str, lake: Lake) -> list[str]:
    """The languages that a registered source, or any of all of them, is wanted in. Raises `CatalogError`."""
    of_all = source == registered.PREFIX
    return list(registered.every_language(lake) if of_all else registered.languages_of(source, lake))


def forecast(order: Order) -> Forecast:
    """What an order would do and take, by the lake as it is now. Reads the catalogue and lists the lake: not for an event loop.

    Raises what the run itself would raise at once: `CatalogError`, `LanguageError`, `SettingsError`, `EvaluationError` for a
    translator that may not begin, `StoreError`.
    """
    given = order.parameters
    settings = all_settings.load(given["settings"])
    lake = open_lake(settings.lake)
    chosen = list(_chosen(given, settings, lake))
    units = sum((each.units for each in chosen), Counter[tuple[str, str | None]]())
    require_standing(lake, settings, units)
    stand = sum((each.survey.total for each in chosen), Counter[str]())
    hours = sum(each.seconds for each in chosen) / 3600
    price = settings.cluster.hour_price
    return Forecast(
        series=sum(len(each.episodes) for each in chosen),
        units=[Units(stage=stage, language=language, wanted=n) for (stage, language), n in units.items() if n],
        committed=stand["committed"],
        failed=stand["failed"],
        minutes=round(sum(each.minutes for each in chosen), 1),
        hours=round(hours, 3),
        bytes=round(sum(each.bytes for each in chosen)),
        unknown=list(dict.fromkeys(stage for each in chosen for stage in each.unknown)),
        price=round(hours * price, 2) if price else None,
        currency=settings.cluster.currency if price else "",
    )


async def start(order: Order, by: str | None = None) -> Run:
    """Start an order's run; it begins when a Prefect worker has room. `by` is who asked for it: the run has it as a tag.

    Raises `ClusterError` if the server does not answer or has no such deployment, `SettingsError` if it refuses the parameters.
    """
    tags = ["desk", *([f"by:{by}"] if by else [])]
    async with server() as client:
        try:
            deployment = await client.read_deployment_by_name(order.deployment)
        except ObjectNotFound as error:
            raise ClusterError(
                f"Prefect knows no deployment {order.deployment!r}", remedy="run `python -m flows.deployments`"
            ) from error
        try:
            # The key lets the client ask again after an answer that was lost: it is one run all the same.
            run = await client.create_flow_run_from_deployment(
                deployment.id, parameters=order.parameters, tags=tags, idempotency_key=uuid4().hex
            )
        except HTTPStatusError as error:
            if error.response.status_code not in (400, 409, 422):
                raise
            said = error.response.text[:300]
            raise SettingsError(f"Prefect refuses the parameters: {said}", where=order.deployment) from error
        (shown,) = await described(client, [run])
        return shown


def _chosen(given: dict[str, Any], settings: Settings, lake: Lake) -> Iterable[Selection]:
    """What is taken on of each catalogue that the order is about."""
    source, to = given["source"], given.get("to")
    if to is None and source == registered.PREFIX:
        for entry in registered.entries(lake):
            yield from _chosen({**given, "source": entry.address}, settings, lake)
        return
    to = to or list(registered.languages_of(source, lake))
    retry_failed, until = bool(given.get("retry_failed")), given.get("until") or "render"
    planner = plan.planner(to, settings, lake, until=until, retry_failed=retry_failed)
    limits = Limits(tuple(given.get("series") or ()), backfills.since(given.get("since")), given.get("budget_minutes"))
    if "only" in given:
        found = catalogs.load(source, given["only"], lake, settings.source_language)
    else:
        found = backfills.load(source, limits, lake, settings.source_language)
    yield backfills.choose(planner, found, limits)


def _checked(deployment: str, parameters: dict[str, Any]) -> Order:
    """An order whose settings and parameters the flow takes."""
    # Imported here: with the flows come Dask and the engines' descriptions.
    from flows.backfill import backfill as backfill_flow
    from flows.localize import localize_catalog

    all_settings.load(parameters["settings"])
    flow: Any = backfill_flow if deployment in (BACKFILL, RETRY) else localize_catalog
    try:
        flow.validate_parameters(parameters)
    except PrefectException as error:
        raise SettingsError(f"no such run can be: {error}", where=deployment) from error
    return Order(deployment=deployment, parameters=parameters)


def _at(priority: Priority, settings: dict[str, Any] | None) -> dict[str, Any]:
    """Settings with a priority, unless they name one: a run's parameters take the place of the deployment's."""
    given = settings or {}
    return {**given, "cluster": {"priority": priority, **given.get("cluster", {})}}


def _tags(to: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(languages.parse(tag) for tag in to))
    if not found:
        raise SettingsError("names no language", field="to", remedy="give tags such as en, es")
    return found
