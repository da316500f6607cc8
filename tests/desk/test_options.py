"""What the command line says becomes settings."""

from __future__ import annotations

import pytest

from desk.options import split_languages, to_flags
from dubwright.errors import SettingsError
from dubwright.settings import ClusterSettings, load
from tasks.cluster import Size, size


def test_flags_are_nested_settings() -> None:
    flags = to_flags(["dub.tempo_cap=1.3", 'dub.engines=["fake"]', "translate.engine=fake"], lake="/x", profile=None)
    assert flags == {"lake": "/x", "dub": {"tempo_cap": 1.3, "engines": ["fake"]}, "translate": {"engine": "fake"}}
    assert load(flags).dub.engines == ("fake",)


def test_what_is_done_with_given_subtitles_is_a_setting() -> None:
    flags = to_flags(["transcribe.pause_ms=300"], "only")
    assert flags == {"transcribe": {"subtitles": "only", "pause_ms": 300}}
    assert load(flags).transcribe.subtitles == "only"
    assert load(to_flags()).transcribe.subtitles == "witness"
    with pytest.raises(SettingsError) as caught:
        load(to_flags(None, "use"))
    assert caught.value.field == "transcribe.subtitles" and "only" in str(caught.value)


@pytest.mark.parametrize("assignment", ["nothing", "=1", "lake.x=1"])
def test_an_assignment_that_is_none_is_named(assignment: str) -> None:
    with pytest.raises(SettingsError, match=r"NAME=VALUE|no section"):
        to_flags([assignment], lake="/x")


def test_languages_are_split() -> None:
    assert split_languages("en, es,") == ["en", "es"]
    with pytest.raises(SettingsError):
        split_languages(" , ")


@pytest.mark.parametrize(
    ("cores", "gib", "width", "given", "expected"),
    [
        (2, 24, 6, {}, Size(2, 1)),
        (2, 24, 1, {}, Size(1, 2)),
        (2, 6, 6, {}, Size(1, 2)),
        (16, 128, 100, {}, Size(16, 1)),
        (16, 32, 100, {}, Size(8, 2)),
        (16, 2, 100, {}, Size(1, 16)),
        (2, 24, 6, {"workers": 3}, Size(3, 1)),
        (8, 64, 6, {"workers": 2, "threads": 2}, Size(2, 2)),
    ],
)
def test_dask_workers_fit_cores_memory_and_work(
    cores: int, gib: int, width: int, given: dict[str, int], expected: Size
) -> None:
    assert size(ClusterSettings(**given), cores, gib * 2**30, width) == expected
