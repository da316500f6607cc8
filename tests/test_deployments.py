"""`prefect.yaml` against the code: every deployment names a flow that is there, with parameters that it takes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect import Flow
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.client.schemas.schedules import CronSchedule
from prefect.flows import load_flow_from_entrypoint

from flows.deployments import POOL, QUEUES, shipped

ROOT = Path(__file__).parent.parent
FILE: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
DEPLOYMENTS: list[dict[str, Any]] = FILE["deployments"]
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: str(each["name"]))


def _flow(deployment: dict[str, Any]) -> Flow[..., Any]:
    return load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)


def test_the_file_is_what_prefect_reads() -> None:
    read = PrefectYamlModel.model_validate(FILE)
    assert [each.name for each in read.deployments] == [each["name"] for each in DEPLOYMENTS]
    # Prefect ignores what it does not know, so a misspelt field would go unseen.
    known = set(type(read.deployments[0]).model_fields)
    assert not {name for each in DEPLOYMENTS for name in each} - known
    assert {"nightly", "localize-series", "backfill", "maintain", "evaluate"} <= {each["name"] for each in DEPLOYMENTS}
    # Pulled from nowhere: flows are imported from the installed package.
    assert FILE["pull"] == []


@each_deployment
def test_a_deployment_names_a_flow_and_parameters_that_it_takes(deployment: dict[str, Any]) -> None:
    assert ":" not in deployment["entrypoint"], "a module's path, so that no folder matters"
    flow = _flow(deployment)
    given = dict(deployment.get("parameters", {}))
    flow.validate_parameters(
        {**{name: _stand_in(each) for name, each in _required(flow).items() if name not in given}, **given}
    )
    assert set(given) <= set(inspect.signature(flow.fn).parameters)


@each_deployment
def test_a_schedule_can_be_kept(deployment: dict[str, Any]) -> None:
    """Its cron and time zone exist, and nothing that it has to be told is missing."""
    for schedule in deployment.get("schedules", []):
        assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
        assert ZoneInfo(schedule["timezone"])
        assert set(_required(_flow(deployment))) <= set(deployment.get("parameters", {}))
        # Two runs of a schedule side by side would do the same.
        assert deployment["concurrency_limit"]["limit"] == 1


@each_deployment
def test_a_deployment_goes_to_a_queue_that_is_made(deployment: dict[str, Any]) -> None:
    pool = deployment["work_pool"]
    assert (pool["name"], pool["work_queue_name"] in QUEUES) == (POOL, True)


def test_the_file_is_found_wherever_the_package_lies() -> None:
    assert shipped().samefile(ROOT / "prefect.yaml")


def test_a_deployment_is_found_by_its_flow_and_name() -> None:
    names = [f"{_flow(each).name}/{each['name']}" for each in DEPLOYMENTS]
    assert len(set(names)) == len(names)
    assert "localize-series/localize-series" in names
    assert list(QUEUES) == ["release", "normal", "backfill"] == sorted(QUEUES, key=lambda name: QUEUES[name])


def _required(flow: Flow[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(flow.fn).parameters.values()
    return {each.name: each for each in parameters if each.default is inspect.Parameter.empty}


def _stand_in(parameter: inspect.Parameter) -> object:
    return ["en"] if "list" in str(parameter.annotation) else "a"
