"""Keys: what is built can be parsed, and nobody's name breaks out of its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dubwright.lake import layout
from dubwright.lake.lake import ulid
from dubwright.lake.layout import EditKey, FailureKey, UnitKey

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
fingerprints = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(names)
def test_a_name_is_one_harmless_part_of_a_key(name: str) -> None:
    part = layout.encode(name)
    assert layout.decode(part) == name
    assert not set(part) & set("/\\=\0'\" \n#?*:")
    assert not part.startswith((".", "_"))


def test_chinese_stays_readable() -> None:
    assert layout.encode("长夜灯 第1季") == "长夜灯%20第1季"


@given(names, names, fingerprints, st.sampled_from([None, "en", "pt-BR"]))
def test_units_failures_and_edits_come_back(series: str, episode: str, fingerprint: str, language: str | None) -> None:
    unit = UnitKey("dub", series, episode, language, fingerprint)
    assert layout.parse_unit(str(unit)) == unit
    for permanent in (True, False):
        failure = FailureKey(unit, 7, permanent)
        assert layout.parse_failure(str(failure)) == failure
    edit = EditKey(language or "en", series, episode, ulid())
    assert layout.parse_edit(str(edit)) == edit


def test_what_is_no_unit_is_not_taken_for_one() -> None:
    for key in (
        "dub/series=a/episode=b/short.parquet",
        "dub/series=a/" + "0" * 32 + ".parquet",
        "dub/series=a/episode=b/" + "0" * 32 + ".json",
        "dub/series=a/episode=b/extra=c/" + "0" * 32 + ".parquet",
        "blob/00/" + "0" * 64 + ".flac",
    ):
        assert layout.parse_unit(key) is None
    assert layout.parse_failure("failure/stage=dub/x.json") is None
    assert layout.parse_edit("edit/language=en/series=a/episode=b/nothing.parquet") is None
    assert not layout.is_blob("blob/../../etc/passwd")


def test_ulids_sort_by_time() -> None:
    made = [ulid()[:10] for _ in range(3)]
    assert made == sorted(made)
