"""The Helm values set nothing that their charts do not document: Helm itself passes over a misspelt key in silence.

Neither `helm` nor a chart is here. What stands below are names of values, looked up in the charts' own `values.yaml`
and `values.schema.json` (versions in `infra/helm/README.md`): a key that is not among them has to be looked up there
before it is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parent.parent / "infra" / "helm"
# What Kubernetes says of it is passed on as it is.
KUBERNETES = "as Kubernetes has it"
AMOUNTS = {"requests": {"cpu": str, "memory": str}, "limits": {"cpu": str, "memory": str}}
DASK_IMAGE = {"repository": str, "tag": str, "pullPolicy": str, "pullSecrets": list}
DASK_WORKER = {
    "name": str,
    "image": {**DASK_IMAGE, "dask_worker": str},
    "replicas": int,
    "env": KUBERNETES,
    "extraArgs": list,
    "resources": KUBERNETES,
    "mounts": {"volumes": KUBERNETES, "volumeMounts": KUBERNETES},
    "tolerations": KUBERNETES,
    "affinity": KUBERNETES,
    "nodeSelector": KUBERNETES,
    "securityContext": KUBERNETES,
    "serviceAccountName": str,
    "threads_per_worker": int,
    "livenessProbe": KUBERNETES,
    "readinessProbe": KUBERNETES,
}
PROBE = {"enabled": bool, "config": dict}
DOCUMENTED: dict[str, dict[str, Any]] = {
    "dask": {
        "fullnameOverride": str,
        "scheduler": {
            "image": DASK_IMAGE,
            "extraArgs": list,
            "resources": KUBERNETES,
            "securityContext": KUBERNETES,
            "livenessProbe": KUBERNETES,
            "readinessProbe": KUBERNETES,
        },
        "worker": DASK_WORKER,
        "additional_worker_groups": [DASK_WORKER],
        "jupyter": {"enabled": bool},
    },
    "prefect-server": {
        "fullnameOverride": str,
        "global": {
            "prefect": {"image": {"repository": str, "prefectTag": str, "pullSecrets": list}, "env": KUBERNETES}
        },
        "server": {"replicaCount": int, "livenessProbe": PROBE, "readinessProbe": PROBE, "resources": AMOUNTS},
        "migrations": {"enabled": bool, "resources": AMOUNTS},
        "secret": {"create": bool, "name": str},
        "sqlite": {"enabled": bool},
        "postgresql": {"enabled": bool},
        "redis": {"enabled": bool},
    },
    "prefect-worker": {
        "fullnameOverride": str,
        "worker": {
            "image": {"repository": str, "prefectTag": str, "pullPolicy": str, "pullSecrets": list},
            "config": {"workPool": str, "workQueues": list, "type": str, "installPolicy": str, "limit": int},
            "apiConfig": str,
            "serverApiConfig": {"apiUrl": str, "uiUrl": str},
            "replicaCount": int,
            "livenessProbe": PROBE,
            "extraEnvVars": KUBERNETES,
            "extraEnvVarsSecret": str,
            "extraVolumes": KUBERNETES,
            "extraVolumeMounts": KUBERNETES,
            "resources": AMOUNTS,
        },
        "role": {"create": bool},
        "rolebinding": {"create": bool},
    },
    "postgresql": {
        "fullnameOverride": str,
        "architecture": str,
        "auth": {"username": str, "database": str, "existingSecret": str},
        "primary": {
            "extendedConfiguration": str,
            "persistence": {"enabled": bool, "size": str},
            "resources": KUBERNETES,
        },
    },
}


@pytest.mark.parametrize("chart", sorted(DOCUMENTED))
def test_values_set_only_what_the_chart_documents(chart: str) -> None:
    values = yaml.safe_load((FOLDER / f"{chart}.yaml").read_text(encoding="utf-8"))
    assert list(_strange(values, DOCUMENTED[chart], chart)) == []


def test_every_file_of_values_is_held_against_its_chart() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(DOCUMENTED)


def test_a_misspelt_key_and_a_wrong_kind_are_found() -> None:
    values = {"worker": {"replica": 2, "extraArgs": "--nworkers 1"}, "additional_worker_groups": [{"nome": "asr"}]}
    found = list(_strange(values, DOCUMENTED["dask"], "dask"))
    assert found == ["dask.worker.replica", "dask.worker.extraArgs", "dask.additional_worker_groups.0.nome"]


def _strange(value: Any, documented: Any, where: str) -> Iterator[str]:
    """The places of what is not documented, or of another kind."""
    if documented == KUBERNETES:
        return
    if isinstance(documented, Mapping):
        if not isinstance(value, Mapping):
            yield where
            return
        for name, inner in value.items():
            if name in documented:
                yield from _strange(inner, documented[name], f"{where}.{name}")
            else:
                yield f"{where}.{name}"
    elif isinstance(documented, list):
        for number, inner in enumerate(value):
            yield from _strange(inner, documented[0], f"{where}.{number}")
    elif not isinstance(value, documented):
        yield where
