"""Settings: one written precedence, nothing unknown, everything documented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dubwright import settings
from dubwright.errors import ManifestError, SettingsError
from dubwright.fingerprint import fingerprint
from dubwright.series.facts import SeriesFacts, read
from dubwright.settings import Section, Settings


def test_flag_environment_file_profile_default_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings.load().dub.engines == ("kokoro", "espeak-ng")
    Path("dubwright.toml").write_text('profile = "fake"\n[dub]\ntempo_cap = 1.31\nguard_ms = 60\n')
    assert settings.load().dub.engines == ("fake",)
    monkeypatch.setenv("DUBWRIGHT_DUB__TEMPO_CAP", "1.32")
    assert (settings.load().dub.tempo_cap, settings.load().dub.guard_ms) == (1.32, 60)
    monkeypatch.setenv("DUBWRIGHT_PROFILE", "embedded")
    assert settings.load().dub.engines == ("kokoro", "espeak-ng")
    assert settings.load({"dub": {"tempo_cap": 1.33}, "profile": "fake"}).dub.tempo_cap == 1.33


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("DUBWRIGHT_NOTHING", "1", "DUBWRIGHT_NOTHING"),
        ("DUBWRIGHT_DUB__NOTHING", "1", "dub.nothing"),
        ("DUBWRIGHT_DUB__TEMPO_CAP", "fast", "dub.tempo_cap"),
        ("DUBWRIGHT_DUB__ENGINES", "kokoro", "environment"),
        ("DUBWRIGHT_PROFILE", "nothing", "profile"),
        ("DUBWRIGHT_CONFIG", "nothing.toml", "nothing.toml"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert named in str(caught.value) and caught.value.remedy and caught.value.exit_code == 2


def test_a_wrong_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.toml").write_text("[dub")
    monkeypatch.setenv("DUBWRIGHT_CONFIG", str(tmp_path / "x.toml"))
    with pytest.raises(SettingsError, match=r"x\.toml"):
        settings.load()


def test_every_profile_resolves() -> None:
    for name in settings.profiles():
        assert settings.load({"profile": name}).profile == name


def test_every_setting_says_what_it_is() -> None:
    def described(model: type[Settings] | type[Section], path: str = "") -> None:
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
                assert field.annotation.__doc__, path + name
                described(field.annotation, f"{path}{name}.")
            else:
                assert field.description, path + name

    described(Settings)


def test_equal_content_has_equal_fingerprints() -> None:
    assert fingerprint({"a": 1, "b": "剧"}) == fingerprint({"b": "剧", "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 1.5})
    assert len(fingerprint({})) == 32
    with pytest.raises(ValueError, match="JSON"):
        fingerprint({"a": float("nan")})


def test_facts_touch_only_the_stages_and_languages_that_they_can_change() -> None:
    facts = SeriesFacts.model_validate(
        {"glossary": [{"source": "王爷", "aliases": ["殿下"], "renderings": {"en": "Your Highness", "pt": "Alteza"}}]}
    )
    assert facts.glossary_for("en") == {"王爷": "Your Highness", "殿下": "Your Highness"}
    assert facts.glossary_for("pt-BR") == {"王爷": "Alteza", "殿下": "Alteza"}
    assert facts.glossary_for("th") == {}
    assert facts.digest_for("translate", "en") != facts.digest_for("translate", "pt")
    assert facts.digest_for("translate", "th") is None
    assert facts.digest_for("dub", "en") is None
    assert facts.digest_for("ingest", None) is None


def test_where_subtitles_stand_touches_the_transcript_alone() -> None:
    plain, known = SeriesFacts(title="剧"), SeriesFacts.model_validate({"subtitles": {"band": [0.75, 0.85]}})
    assert known.digest_for("transcribe", None) != plain.digest_for("transcribe", None)
    assert known.digest_for("translate", "en") == plain.digest_for("translate", "en")


@pytest.mark.parametrize("band", [[0.9, 0.8], [-0.1, 0.5], [0.5, 1.5], [0.5], "below"])
def test_a_band_that_is_none_names_its_field(tmp_path: Path, band: object) -> None:
    path = tmp_path / "series.yaml"
    path.write_text(json.dumps({"subtitles": {"band": band}}), encoding="utf-8")
    with pytest.raises(ManifestError, match=r"subtitles\.band"):
        read(path)
