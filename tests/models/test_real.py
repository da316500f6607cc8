"""The real models of this machine are what the registry says."""

from __future__ import annotations

import pytest

from dubwright import settings
from dubwright.models import registry
from dubwright.models.store import ModelStore


@pytest.fixture(autouse=True)
def loopback_registries() -> None:
    """Unlike the other tests here, these ask the registries that this machine is set up for."""


@pytest.fixture(autouse=True)
def no_second_try() -> None:
    """And as patiently as anybody else."""


@pytest.mark.models
@pytest.mark.parametrize("name", [artefact.name for artefact in registry.all()])
def test_the_models_on_this_machine_are_the_pinned_ones(name: str) -> None:
    configured = settings.load()
    store = ModelStore(configured.models_dir, configured.models_mirror)
    store.ensure(name)
    assert store.verify(name) == ()
