"""The twins in JSON, asked for with what their schema allows and with what it does not: no answer is a crash."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, strategies
from schemathesis import APIOperation, Case, GenerationMode

from desk.console.access.sessions import csrf_of
from tests.console.browser import HERE
from tests.console.conftest import Built, now

EXAMPLES = 25


@pytest.mark.slow
def test_no_twin_crashes(staffed: Callable[..., Built]) -> None:
    app, access = staffed(writes_per_minute=1_000_000)
    operator = next(user for user in now(access.users.all()) if user.name == "operator")
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"host": "localhost:4280"})
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 3
    for operation in operations:
        # A session for each: some end what they are asked with.
        token = now(access.sessions.start(operator, "", ""))
        crashes_never(operation, {"cookie": f"{access.cookie}={token}", "x-csrf-token": csrf_of(token, access.secret)})


def crashes_never(operation: APIOperation, headers: dict[str, str]) -> None:
    cases = strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(cases)
    def ask(case: Case) -> None:
        answer = case.call(base_url=HERE, headers=headers)
        # No Prefect is named here, and what asks it says so; that is no crash.
        away = answer.status_code == 503 and answer.json()["field"] == "PREFECT_API_URL"
        assert answer.status_code < 500 or away, (case.formatted_path, answer.text)
        assert answer.status_code not in (401, 403), "the operator was kept out, so nothing was tried"

    ask()
