"""Collection: what goes, what stays, in which order, and never under a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dubwright import settings as all_settings
from dubwright.catalogue.catalog import Catalog, Episode, Series
from dubwright.errors import LeaseError
from dubwright.lake import Lake, collection, layout, leases, schemas
from dubwright.lake.collection import Collected, Doomed, Wishes, collect
from dubwright.lake.compaction import compact
from dubwright.lake.layout import SeriesKey, UnitKey
from dubwright.lake.local import LocalStore
from dubwright.lake.references import Digests, blob_columns
from dubwright.lake.verification import verify
from dubwright.planning import plan as plans
from dubwright.planning import wishes
from dubwright.settings import Settings
from tests.lake.units import SHARED, age, blob, keys, unit

GRACE = timedelta(days=14)


def gone(lake: Lake, **options: object) -> tuple[set[str], Collected]:
    """What a dry run would remove: exactly what the real one then removes."""
    dry: list[Doomed] = []
    first = collect(lake, grace=GRACE, wanted=options.get("wanted"), tell=dry.append)  # type: ignore[arg-type]
    before = keys(lake)
    done = collect(lake, grace=GRACE, wanted=options.get("wanted"), delete=True)  # type: ignore[arg-type]
    removed = before - keys(lake)
    assert removed == {each.key for each in dry}
    assert first.objects == done.objects and first.size == done.size
    return removed, done


def test_a_version_goes_when_its_successor_is_older_than_the_grace(lake: Lake) -> None:
    old = unit(lake, "transcript", revision=1, days_old=90)
    middle = unit(lake, "transcript", revision=2, days_old=30)
    newest = unit(lake, "transcript", revision=3, days_old=3)
    alone = unit(lake, "transcript", episode="02", days_old=900)
    removed, done = gone(lake)
    assert removed == {str(old)}
    assert lake.committed(middle) and lake.committed(newest) and lake.committed(alone)
    assert done.objects == {"unit": 1} and done.size["unit"] > 500


def test_what_a_unit_that_stays_has_read_stays(lake: Lake) -> None:
    source = unit(lake, "source", days_old=100)
    old = unit(lake, "transcript", revision=1, reads=[source], days_old=90)
    unit(lake, "transcript", revision=2, reads=[source], days_old=60)
    english = [
        unit(lake, "translation", language="en", revision=number, reads=[key], days_old=50 - number)
        for number, key in enumerate([old, old])
    ]
    # French was made from the old transcript and never again, so that and what it reads are in use.
    french = unit(lake, "translation", language="fr", reads=[old], days_old=80)
    removed, _ = gone(lake)
    assert removed == {str(english[0])}
    lake.store.delete(str(french))
    lake.store.delete(str(english[1]))
    assert gone(lake)[0] == {str(old)}


def test_what_the_plan_wants_stays_and_what_it_does_not_know_too(lake: Lake) -> None:
    first = unit(lake, "transcript", revision=1, days_old=90)
    second = unit(lake, "transcript", revision=2, days_old=60)
    unit(lake, "transcript", revision=3, days_old=30)
    unknown = unit(lake, "translation", language="th", revision=1, days_old=90)
    unit(lake, "translation", language="th", revision=2, days_old=60)
    elsewhere = unit(lake, "transcript", series="B", revision=1, days_old=90)
    unit(lake, "transcript", series="B", revision=2, days_old=60)

    def wanted(series: str, languages: Collection[str]) -> Wishes | None:
        if series == "B":
            return None
        assert languages == ["th"]
        return Wishes(frozenset([first]), frozenset([("transcript", "01", None)]))

    removed, done = gone(lake, wanted=wanted)
    assert removed == {str(second)}
    assert lake.committed(unknown) and lake.committed(elsewhere)
    assert any(remark.startswith("B: left alone") for remark in done.remarks)
    assert any("translation th of some episodes left alone" in remark for remark in done.remarks)


def test_the_plan_of_a_catalogue_says_what_is_wanted(lake: Lake, fake_settings: Settings) -> None:
    series = Series("长夜灯", (Episode("长夜灯", "01", "/nowhere/01.mp4", "digest"),))
    catalog = Catalog("somewhere", (series,))
    wanted = wishes.wanted(catalog, fake_settings, lake)
    found = wanted("长夜灯", ["en", "es", "no-such-language"])
    assert found is not None
    assert found.units >= {each.work.key for each in plans.build(catalog, ["en", "es"], fake_settings, lake)}
    assert ("deliverable", "01", "en") in found.places and ("source", "01", None) in found.places
    assert {language for _, _, language in found.places} == {None, "en", "es"}
    assert wanted("another", ["en"]) is None
    # Committed long ago, superseded since, and wanted again since a setting was set back: it stays.
    ours = next(each.work.key for each in plans.build(catalog, ["en"], fake_settings, lake) if each.work.stage == "dub")
    row = {**SHARED, "language": "en"}
    for key, days in ((ours, 90), (UnitKey("dub", "长夜灯", "01", "en", "1" * 32), 60)):
        lake.commit(key, [row], {"recipe": {}, "upstream": {}})
        age(lake, str(key), days)
    assert gone(lake, wanted=wanted)[0] == set()
    changed = all_settings.load({"profile": "fake", "lake": lake.uri, "dub": {"guard_ms": 77}})
    assert gone(lake, wanted=wishes.wanted(catalog, changed, lake))[0] == {str(ours)}


def test_a_corrected_translation_keeps_the_one_that_was_corrected(lake: Lake, fake_settings: Settings) -> None:
    catalog = Catalog("somewhere", (Series("S", (Episode("S", "01", "/nowhere/01.mp4", "digest"),)),))
    before = {each.work.stage: each.work.key for each in plans.build(catalog, ["en"], fake_settings, lake)}
    lake.add_edit("en", "S", "01", segment=1, source_text="a", text="b", editor="me")
    found = wishes.wanted(catalog, fake_settings, lake)("S", ["en"])
    assert found is not None and before["translate"] in found.units and before["dub"] not in found.units


def test_a_unit_that_cannot_be_read_protects_its_episode_and_the_blobs(lake: Lake) -> None:
    unit(lake, "transcript", revision=1, days_old=90)
    unit(lake, "transcript", revision=2, days_old=60)
    other = unit(lake, "transcript", episode="02", revision=1, days_old=90)
    unit(lake, "transcript", episode="02", revision=2, days_old=60)
    broken = UnitKey("dub", "长夜灯", "01", "en", "0" * 32)
    lake.store.put_if_absent(str(broken), b"no Parquet")
    blob(lake, b"unreferenced", days_old=90)
    removed, done = gone(lake)
    assert removed == {str(other)}
    assert sum(str(broken) in remark for remark in done.remarks) == 2


def test_blobs_and_speech_go_when_nothing_refers_to_them(lake: Lake) -> None:
    names = ["speech_blob", "stereo_blob", "old_line", "new_line", "young", "unused", "lost_line", "fresh_line"]
    made = {name: blob(lake, name.encode(), days_old=90 if name not in ("young",) else 1) for name in names}
    unit(lake, "source", speech_blob=made["speech_blob"], stereo_blob=made["stereo_blob"], days_old=90)
    unit(lake, "dub", language="en", revision=1, blob=made["old_line"], days_old=80)
    unit(lake, "dub", language="en", revision=2, blob=made["new_line"], days_old=40)
    entries = {}
    for number, (name, days) in enumerate({"new_line": 90, "lost_line": 90, "fresh_line": 1, "old_line": 90}.items()):
        entries[name] = layout.speech(f"{number:032x}")
        lake.store.put_if_absent(entries[name], made[name].encode())
        age(lake, entries[name], days)
    dangling = layout.speech("f" * 32)
    lake.store.put_if_absent(dangling, layout.blob("0" * 64, "flac").encode())
    age(lake, dangling, 90)
    removed, done = gone(lake)
    assert {key for key in removed if not key.startswith("dub/")} == {
        made["unused"],
        made["lost_line"],
        made["old_line"],
        entries["lost_line"],
        entries["old_line"],
        dangling,
    }
    assert done.objects == {"unit": 1, "speech": 3, "blob": 3}
    assert gone(lake)[0] == set()


def test_what_a_compacted_file_shows_keeps_its_blobs(lake: Lake) -> None:
    """References are read from compacted files; one that is behind still shows the blobs of a unit that has gone."""
    first, second = blob(lake, b"1", days_old=90), blob(lake, b"2", days_old=90)
    unit(lake, "dub", language="en", revision=1, blob=first, days_old=90)
    compact(lake)
    unit(lake, "dub", language="en", revision=2, blob=second, days_old=40)
    removed, _ = gone(lake)
    assert len(removed) == 1 and first not in removed
    compact(lake)
    assert gone(lake)[0] == {first}


def delivered(lake: Lake, revision: int, days_old: float) -> UnitKey:
    """A deliverable of one file."""
    file = blob(lake, f"video {revision}".encode(), days_old=days_old)
    about = {"kind": "video", "blob": file, "bytes": 1, "sha256": "0" * 64, "rows": 1}
    return unit(lake, "deliverable", language="en", revision=revision, days_old=days_old, **about)


def measured(lake: Lake, of: UnitKey, days_old: float, **columns: object) -> UnitKey:
    """What was measured of a deliverable, as its render commits it."""
    key = replace(of, table="quality")
    recipe = lake.read(of).provenance["recipe"] if lake.committed(of) else {}
    rows = [{**SHARED, "language": "en", "metric": "overlaps", "value": 0.0}]
    rows.append({**SHARED, "language": "en", "metric": "picture", **columns})
    assert lake.commit(key, rows, {"recipe": recipe, "upstream": {}, "cost": {}})
    age(lake, str(key), days_old)
    return key


def test_what_was_measured_stays_and_goes_with_its_deliverable(lake: Lake) -> None:
    pictures = [blob(lake, name, days_old=90) for name in (b"old", b"kept", b"new")]
    old = delivered(lake, 1, 90)
    kept = delivered(lake, 2, 60)
    newest = delivered(lake, 3, 3)
    # Not in the order of their deliverables: a later one may be of an older version.
    qualities = [
        measured(lake, key, days, blob=picture)
        for key, days, picture in zip((old, kept, newest), (1, 60, 3), pictures, strict=True)
    ]
    removed, done = gone(lake)
    assert {str(old), str(qualities[0]), pictures[0]} <= removed
    assert done.objects == {"unit": 2, "blob": 2}
    assert lake.committed(qualities[1]) and lake.store.exists(pictures[1])
    found: list[object] = []
    compact(lake)
    verify(lake, lambda each: found.append(each) if each.key.startswith(("quality/", "compacted/quality/")) else None)
    assert found == [] and gone(lake)[0] == set()


def test_what_the_plan_wants_keeps_what_was_measured_of_it(lake: Lake) -> None:
    first = delivered(lake, 1, 90)
    second = delivered(lake, 2, 60)
    qualities = [measured(lake, key, 90) for key in (first, second)]
    wishes = Wishes(frozenset([first]), frozenset([("deliverable", "01", "en")]))
    removed, done = gone(lake, wanted=lambda *_: wishes)
    assert removed == set() and done.remarks == []
    assert all(lake.committed(key) for key in qualities)


def test_what_was_measured_of_nothing_goes_when_it_is_old(lake: Lake) -> None:
    """A crash between the two commits leaves one; nothing refers to it, and it holds on to nothing."""
    picture = blob(lake, b"picture", days_old=90)
    lost = measured(lake, UnitKey("deliverable", "长夜灯", "01", "en", "a" * 32), 60, blob=picture)
    young = measured(lake, UnitKey("deliverable", "长夜灯", "02", "en", "b" * 32), 1)
    removed, _ = gone(lake)
    assert removed == {str(lost), picture}
    assert lake.committed(young)


def test_failures_go_when_their_stage_has_succeeded_since(lake: Lake) -> None:
    def fail(episode: str, language: str | None, stage: str, days: float) -> str:
        key = UnitKey(stage, "长夜灯", episode, language, f"{days:032.0f}")
        found = str(lake.record_failure(key, stage, {"error": "x"}, permanent=True))
        age(lake, found, days)
        return found

    old = fail("01", None, "transcribe", 60)
    fail("01", None, "transcribe", 5)
    fail("02", None, "transcribe", 60)
    fail("03", None, "transcribe", 20)
    unit(lake, "transcript", episode="01", days_old=2)
    unit(lake, "transcript", episode="03", days_old=30)
    assert gone(lake)[0] == {old}


def test_nothing_goes_under_a_run(lake: Lake) -> None:
    for series in ("A", "B"):
        unit(lake, "transcript", series=series, revision=1, days_old=90)
        unit(lake, "transcript", series=series, revision=2, days_old=60)
    blob(lake, b"unreferenced", days_old=90)
    with leases.hold(lake, "run", ["A"]):
        removed, done = gone(lake)
        assert len(removed) == 1 and removed.pop().startswith("transcript/series=B/")
        assert [remark.split(":")[0] for remark in done.remarks] == ["A", "blobs"]
    removed, _ = gone(lake)
    assert len(removed) == 2
    assert keys(lake, "lease/") == set()


def test_a_run_that_died_lately_still_protects_what_it_sent_out(lake: Lake) -> None:
    unit(lake, "transcript", revision=1, days_old=90)
    unit(lake, "transcript", revision=2, days_old=60)
    expired = layout.LeaseKey("run", "0" * 26, round((time.time() - 1800) * 1000))
    lake.store.put_if_absent(str(expired), b'{"series": [], "about": {}}')
    assert gone(lake)[0] == set()
    lake.store.delete(str(expired))
    assert len(gone(lake)[0]) == 1


class Watched(LocalStore):
    """A folder that tells before each removal, and fails at one of them if asked to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.deleted: list[str] = []
        self.crash_after: int | None = None
        self.guard = threading.Lock()

    def delete(self, key: str) -> None:
        with self.guard:
            if not key.startswith("lease/"):
                if self.crash_after is not None and len(self.deleted) >= self.crash_after:
                    raise KeyboardInterrupt
                self.deleted.append(key)
        super().delete(key)


def superseded_chain(lake: Lake) -> None:
    for revision, days in ((1, 90), (2, 40)):
        parts = {name: blob(lake, f"{name}{revision}".encode(), days_old=days) for name in ("sound", "line", "video")}
        source = unit(lake, "source", revision=revision, speech_blob=parts["sound"], days_old=days)
        transcript = unit(lake, "transcript", revision=revision, reads=[source], days_old=days)
        words = unit(lake, "translation", language="en", revision=revision, reads=[transcript], days_old=days)
        dub = unit(lake, "dub", language="en", revision=revision, reads=[words], blob=parts["line"], days_old=days)
        more = {"kind": "video", "bytes": 1, "sha256": "0" * 64, "blob": parts["video"]}
        unit(lake, "deliverable", language="en", revision=revision, reads=[dub], days_old=days, **more)


@pytest.mark.parametrize("crash_after", range(8))
def test_a_crash_at_any_removal_leaves_no_dangling_reference(tmp_path: Path, crash_after: int) -> None:
    store = Watched(tmp_path / "lake")
    lake = Lake(store)
    superseded_chain(lake)
    store.crash_after = crash_after
    with pytest.raises(KeyboardInterrupt):
        collect(lake, grace=GRACE, wanted=None, delete=True)
    for table in layout.UNIT_TABLES:
        for key in lake.units(table):
            file = lake.read(key)
            assert all(lake.store.exists(str(upstream)) for upstream in file.provenance["upstream"].values())
            assert all(lake.store.exists(row[name]) for row in file.rows() for name in blob_columns(table) if row[name])
    store.crash_after = None
    collect(lake, grace=GRACE, wanted=None, delete=True)
    assert len([key for table in layout.UNIT_TABLES for key in lake.units(table)]) == 5
    assert len(keys(lake, "blob/")) == 3


def test_what_was_committed_between_the_two_looks_keeps_its_blobs(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that begins and ends while the collector is looking takes up an old blob."""
    old = blob(lake, b"spoken before", days_old=90)
    entry = layout.speech("a" * 32)
    lake.store.put_if_absent(entry, old.encode())
    age(lake, entry, 90)
    unused = blob(lake, b"unused", days_old=90)
    real = leases.hold

    def commits_first(*arguments: object, **options: object) -> object:
        unit(lake, "dub", language="en", blob=old)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(collection.leases, "hold", commits_first)
    done = collect(lake, grace=GRACE, wanted=None, delete=True)
    assert done.objects == {"blob": 1}
    assert lake.store.exists(old) and lake.store.exists(entry) and not lake.store.exists(unused)


def test_a_lease_that_lapsed_stops_the_removal(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    unit(lake, "transcript", revision=1, days_old=90)
    unit(lake, "transcript", revision=2, days_old=60)
    monkeypatch.setattr(leases.Lease, "lapsed", property(lambda _: True))
    before = keys(lake)
    with pytest.raises(LeaseError):
        collect(lake, grace=GRACE, wanted=None, delete=True)
    assert keys(lake) == before


def test_one_series_alone_touches_no_other_and_no_blob(lake: Lake) -> None:
    for series in ("A", "B"):
        unit(lake, "transcript", series=series, revision=1, days_old=90)
        unit(lake, "transcript", series=series, revision=2, days_old=60)
    blob(lake, b"unused", days_old=90)
    done = collect(lake, grace=GRACE, wanted=None, delete=True, series="A")
    assert done.objects == {"unit": 1}
    assert len(keys(lake, "transcript/series=A/")) == 1 and len(keys(lake, "transcript/series=B/")) == 2


def test_every_table_that_refers_to_blobs_is_asked() -> None:
    """A table of another kind with blobs of its own would lose them: it has to be made known to the collection first."""
    assert set(schemas.TABLES) - set(layout.UNIT_TABLES) == {
        "edit",
        "review",
        "cast",
        "glossary",
        "reference",
        "voice",
        "market",
    }
    assert blob_columns("edit") == blob_columns("review") == blob_columns("cast") == blob_columns("market") == []
    # The clips that a voice names are those of `reference`, which keeps them.
    assert blob_columns("voice") == []


def test_what_a_fact_of_a_series_refers_to_stays(lake: Lake) -> None:
    kept, other = blob(lake, b"clip", days_old=90), blob(lake, b"unused", days_old=90)
    row = {"episode": "01", "transcript": "a" * 32, "segment": 1, "blob": kept}
    lake.add_series_fact(SeriesKey("A", "reference", 1), [row])
    lake.add_series_fact(SeriesKey("A", "cast", 1), [{"kind": "name", "character": "c01", "editor": "me"}])
    assert collect(lake, grace=GRACE, wanted=None, delete=True).objects == {"blob": 1}
    assert lake.store.exists(kept) and not lake.store.exists(other)
    # What cannot be read may refer to anything.
    blob(lake, b"unused again", days_old=90)
    lake.store.put_if_absent(str(SeriesKey("A", "reference", 2)), b"no Parquet")
    assert not collect(lake, grace=GRACE, wanted=None, delete=True).objects


def test_digests_hold_what_was_added() -> None:
    digests = Digests()
    made = [layout.blob(f"{number * 2654435761:064x}"[::-1], "flac") for number in range(1000)]
    for key in made[:500]:
        digests.add(key)
    assert all(key in digests for key in made[:500])
    assert not any(key in digests for key in made[500:])
    assert blob_columns("source") == ["video_blob", "speech_blob", "stereo_blob", "sound_blob"] and blob_columns(
        "dub"
    ) == [
        "learnt",
        "blob",
    ]
    assert blob_columns("deliverable") == ["blob"] and blob_columns("transcript") == []
