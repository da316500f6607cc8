"""Settings: one frozen object, resolved once per run and saved with every unit.

Precedence, highest first: command-line flags, environment (`DUBWRIGHT_DUB__TEMPO_CAP=1.3`), the settings file
(`dubwright.toml` in the working folder, or the one named by `DUBWRIGHT_CONFIG`), the profile, the defaults here.
Each stage's section holds exactly what can change that stage's result, so a section is part of its units'
fingerprints; how a run is executed stands in `cluster` and changes no result.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as PydanticSettingsError

from dubwright.errors import SettingsError
from dubwright.models.registry import ADDED

PREFIX = "DUBWRIGHT_"
CONFIG_FILE = "dubwright.toml"
# What goes first where several runs share a cluster, the most urgent first.
Priority = Literal["release", "normal", "backfill"]


class Section(BaseModel):
    """A group of settings: frozen, and refusing what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IngestSettings(Section):
    """Probe and decode."""

    shortest_ms: int = Field(500, ge=0, description="sound shorter than this (ms) is refused")
    longest_ms: int = Field(3 * 3600 * 1000, gt=0, description="sound longer than this (ms) is refused")


class TranscribeSettings(Section):
    """Speech to segments with word times."""

    engine: str = Field("faster-whisper", description="name of an entry point in dubwright.transcribers")
    model: str = Field("whisper-base", description="artefact of the model store, for engines that offer a choice")
    beam_size: int = Field(5, ge=1, le=20, description="hypotheses kept while decoding")
    pause_ms: int = Field(450, gt=0, description="a pause between words at least this long (ms) ends a segment")
    longest_segment_ms: int = Field(
        7000, ge=1000, description="a segment longer than this (ms) is cut at its longest pause"
    )
    picture: bool = Field(True, description="read the subtitles that are burned into the picture")
    subtitles: Literal["witness", "only", "ignore"] = Field(
        "witness", description="subtitles given beside a video: a further witness, instead of listening, or left alone"
    )
    speakers: bool = Field(True, description="tell apart who speaks")
    aligners: tuple[str, ...] = Field(
        (), description="artefacts that time words, each for its languages, for engines that align (whisperx)"
    )
    diarizer: str = Field("", description="artefact that tells voices apart, for engines that diarize (whisperx)")


class TranslateSettings(Section):
    """Source segments to target text."""

    engine: str = Field("llama", description="name of an entry point in dubwright.translators")
    model: str = Field("qwen2.5-coder-1.5b-instruct-q4", description="artefact of the model store")
    temperature: float = Field(0.0, ge=0, le=2, description="0 always takes the likeliest word")
    seed: int = Field(7, description="of the sampler, where the temperature is above 0")
    context_lines: int = Field(2, ge=0, le=10, description="neighbouring lines shown on each side")
    attempts: int = Field(3, ge=1, le=10, description="answers asked for before a line is recorded as failed")
    chat_model: str = Field("", description="what the endpoint calls its model (chat)")
    scene_lines: int = Field(40, ge=1, le=200, description="lines that are asked for at once, at most (chat)")
    beam_size: int = Field(4, ge=1, le=20, description="partial answers kept while searching (nllb)")
    length_penalty: float = Field(1.0, ge=-5, le=5, description="above 1 favours longer answers, below shorter (nllb)")
    no_repeat: int = Field(6, ge=0, le=20, description="as many tokens in a row never come twice; 0: any may (nllb)")


class DubSettings(Section):
    """Target text to a dubbed sound track."""

    engines: tuple[str, ...] = Field(
        ("kokoro", "espeak-ng"),
        description="entry points in dubwright.synthesizers; the first that speaks the language",
    )
    xtts_model: str = Field("", description="artefact of XTTS-v2 (xtts)")
    mms_models: tuple[str, ...] = Field((), description="artefacts of MMS voices, each for its languages (mms)")
    freevc_model: str = Field("", description="artefact that gives speech another voice (mms)")
    speak: tuple[Literal["dialogue", "caption", "song", "crowd", "offscreen", "overlap"], ...] = Field(
        ("dialogue",), description="kinds of lines that are spoken; where others are, the original sound stays"
    )
    speech_model: str = Field("", description="what the endpoint calls its speech model (openai-speech)")
    speech_voices: tuple[str, ...] = Field(
        (), description="its voices, best first, each name:female or name:male; none: OpenAI's own (openai-speech)"
    )
    speech_format: Literal["wav", "flac", "pcm"] = Field(
        "wav", description="what it is asked for; pcm: 16 bits at 24 kHz (openai-speech)"
    )
    tempo_free: float = Field(1.2, ge=1, le=2, description="tempo up to which a line counts as fitting")
    tempo_cap: float = Field(1.35, ge=1, le=2, description="tempo never exceeded")
    tempo_floor: float = Field(0.85, gt=0, le=1, description="a line is never slowed below this")
    guard_ms: int = Field(50, ge=0, description="least silence (ms) between two lines of anyone")
    separator: str = Field(
        "deepfilternet",
        description="entry point in dubwright.separators that takes the original voices out; none: the original is lowered",
    )
    separator_model: str = Field("", description="artefact of the model store for the separator (demucs)")
    listener: str = Field(
        "none",
        description="entry point in dubwright.transcribers that hears each new line once more; none: only its sound",
    )
    listener_model: str = Field("whisper-base", description="artefact of the model store for the listener")
    bed_db: float = Field(-4.0, le=0, description="level (dB) of music and effects while a dubbed line is spoken")
    duck_db: float = Field(
        -18.0, le=0, description="level (dB) of the original then, where nothing separates its voices"
    )
    loudness_lufs: float = Field(-16.0, ge=-40, le=-5, description="integrated loudness of the mix (LUFS)")
    true_peak_dbtp: float = Field(-1.0, ge=-9, le=0, description="highest true peak of the mix (dBTP)")


class RenderSettings(Section):
    """Tracks and subtitles to deliverables."""

    audio_bitrate_kbps: int = Field(
        160, ge=32, le=512, description="of an AAC sound track of two channels or one; in proportion for more"
    )
    original_track: bool = Field(True, description="keep the original sound as second track")
    cue_shortest_ms: int = Field(833, ge=0, description="a cue stays at least this long (ms) where there is room")
    cue_longest_ms: int = Field(7000, ge=1000, description="a cue stays at most this long (ms)")
    cue_gap_ms: int = Field(80, ge=0, description="silence (ms) between two cues")
    producer: str = Field("dubwright", description="content producer named in the AI label")


class QualitySettings(Section):
    """What is measured of a delivered dub, and the bounds it is held to; changes no result, and needs no new one.

    A line beyond a bound is flagged; an episode beyond one of its own has failed.
    """

    deliver: Literal["always", "passed"] = Field(
        "always", description="episodes whose files are exported: all, or only those that did not fail"
    )
    picture: bool = Field(True, description="draw a timeline of each episode")
    likeness: Literal["never", "cloned", "all"] = Field(
        "cloned", description="lines whose voice is compared with the character's others: an encoder listens to each"
    )
    listen: Literal["never", "implausible", "all"] = Field(
        "never",
        description="lines that a recognizer listens to: none, those of a length that their text has not, or all",
    )
    recognizer: str = Field(
        "faster-whisper", description="name of an entry point in dubwright.transcribers that listens"
    )
    recognizer_model: str = Field("whisper-base", description="artefact of the model store that it listens with")
    onset_ms: int = Field(1000, ge=0, description="line: starts so far (ms) from its original at most")
    tempo_fastest: float = Field(1.35, ge=1, le=2, description="line: tempo at most")
    tempo_slowest: float = Field(0.85, gt=0, le=1, description="line: tempo at least")
    fit: Literal["fits", "tight", "late", "unfit"] = Field("late", description="line: the worst verdict that passes")
    level_db: float = Field(6.0, gt=0, description="line: so far (dB) from its character's usual level at most")
    likeness_least: float = Field(0.6, ge=-1, le=1, description="line: cosine to its character's other lines at least")
    likeness_margin: float = Field(
        -0.05,
        ge=-1,
        le=1,
        description="line: nearer (cosine) to its own character's voice than to any other's by at least",
    )
    residue_db: float = Field(-12.0, le=0, description="line: the original voice left under it (dB) at most")
    word_error: float = Field(
        0.5, ge=0, description="line: share of its words that a recognizer hears otherwise at most"
    )
    overlaps: int = Field(0, ge=0, description="episode: lines that start while another is spoken, at most")
    loudness_lu: float = Field(1.0, gt=0, description="episode: so far (LU) from the loudness it was mixed to, at most")
    true_peak_dbtp: float = Field(-1.0, le=0, description="episode: true peak of the delivered track (dBTP) at most")
    drift_frames: float = Field(1.0, gt=0, description="episode: picture against any sound track, in frames, at most")
    residue_whole_db: float = Field(
        -20.0, le=0, description="episode: the original voices left under all its lines (dB) at most"
    )
    unspoken: float = Field(0.1, ge=0, le=1, description="episode: share of lines that are not spoken at most")
    confidence: float = Field(
        0.4, ge=0, le=1, description="episode: how sure (0 to 1) the recognizer was of what is said, at least"
    )
    flagged: float = Field(0.25, ge=0, le=1, description="episode: share of lines that are flagged at most")


class ClusterSettings(Section):
    """How a run is executed; changes no result."""

    address: str | None = Field(None, description="a Dask scheduler to use; none starts a cluster on this machine")
    workers: int | None = Field(
        None, ge=1, description="Dask workers on this machine; none sizes it to cores and memory"
    )
    threads: int | None = Field(None, ge=1, description="threads an engine may use; none shares the cores evenly")
    memory_per_worker_gib: float = Field(4.0, gt=0, description="memory a Dask worker with warm models needs")
    priority: Priority = Field("normal", description="what goes first where several runs share a cluster")
    series_at_once: int = Field(4, ge=1, le=100, description="series worked on side by side")
    series_deployment: str | None = Field(
        None, description="Prefect deployment that each series runs as; none runs them in the flow's own process"
    )
    in_flight: int = Field(256, ge=1, le=4096, description="packets of units sent to the Dask workers at once, at most")
    packet_s: float = Field(5.0, ge=0, description="short units travel together up to about this long (s)")
    patience_s: float = Field(60.0, ge=0, description="how long (s) to wait for a Dask worker that can run a unit")
    retries: int = Field(2, ge=0, le=10, description="further attempts at a unit after a transient error")
    hour_price: float = Field(0.0, ge=0, description="what an hour of a Dask worker costs; 0: money is told nowhere")
    currency: str = Field("USD", pattern="[A-Z]{3}", description="what it is paid in (ISO 4217)")


class EndpointSettings(Section):
    """The OpenAI-compatible endpoint of `chat` and `openai-speech`, its key in OPENAI_API_KEY; changes no result."""

    base_url: str = Field("", description="address of the endpoint, as http://127.0.0.1:8000/v1; else OPENAI_BASE_URL")
    speech_url: str = Field("", description="address of the endpoint for speech, where that is another one")
    timeout_s: float = Field(120.0, gt=0, le=3600, description="longest wait for an answer (s)")
    retries: int = Field(4, ge=0, le=20, description="further attempts where it is busy, away or out of order")
    per_minute: int = Field(0, ge=0, description="requests a minute that each Dask worker may make; 0 is no limit")
    most_tokens: int = Field(0, ge=0, description="tokens for an episode in a language, at most; 0 is no limit")


class NotifySettings(Section):
    """Who is told of runs that fail; changes no result."""

    block: str = Field("", description="a notification block of Prefect's that is told, as slack-webhook/ops")


class MaintainSettings(Section):
    """How the lake is kept; changes no result."""

    grace_days: float = Field(14.0, ge=0, description="what nothing needs any more stays for so long (days)")


class EvaluateSettings(Section):
    """How translators are compared; changes no result."""

    margin: float = Field(
        2.0, ge=0, le=100, description="points of 100 that a translator may lose against the accepted one"
    )


class ConsoleSettings(Section):
    """The operator's console; changes no result. What is secret is in no setting, but in OIDC_CLIENT_SECRET and PGPASSWORD."""

    host: str = Field("127.0.0.1", description="address to listen on; any but loopback takes users who log in")
    port: int = Field(4280, ge=1, le=65535, description="port to listen on")
    url: str = Field(
        "", description="address by which people, and links in Prefect, reach it: https://dub.example.org; else its own"
    )
    hosts: tuple[str, ...] = Field((), description="further names that it goes by; asked by any other, it refuses")
    database: str = Field(
        "./.dubwright/console.sqlite",
        description="file with the users, their sessions and the audit trail, or postgresql://USER@HOST/NAME",
    )
    login: Literal["auto", "always"] = Field(
        "auto", description="auto: on loopback nobody logs in as long as there are no users"
    )
    session_hours: float = Field(12.0, gt=0, le=24 * 90, description="a login ends after this time (h)")
    idle_minutes: float = Field(120.0, gt=0, description="and where nothing was done for so long (min)")
    login_attempts: int = Field(
        10, ge=1, description="failed logins of a user in ten minutes, at most; of an address three times as many"
    )
    writes_per_minute: int = Field(240, ge=1, description="what one person may change in a minute, at most")
    link_s: int = Field(3600, ge=10, description="how long a link to sound or pictures is good (s)")
    password_memory_mib: int = Field(64, ge=1, le=4096, description="memory that comparing a password takes (MiB)")
    password_passes: int = Field(3, ge=1, le=100, description="passes over it")
    oidc_issuer: str = Field("", description="address of an OpenID Connect provider; none: passwords alone")
    oidc_client: str = Field("", description="the console's name at the provider")
    oidc_name: str = Field("preferred_username", description="claim that is taken for somebody's name")
    oidc_claim: str = Field("groups", description="claim that decides the role")
    oidc_roles: dict[str, Literal["viewer", "editor", "approver", "operator"]] = Field(
        {}, description="the role that each of its values gives; the highest counts, without one nobody comes in"
    )


class Settings(BaseSettings):
    """All settings of a run."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid")

    profile: str = Field("embedded", description="the named set of engines and settings to start from")
    lake: str = Field("./lake", description="folder or address of the lake")
    source_language: str = Field("zh", description="language spoken in the catalogue (BCP-47)")
    models_dir: Path = Field(Path("~/.cache/dubwright/models"), description="where models are kept on this machine")
    models_mirror: str | None = Field(
        None, description="folder or address of an object store that also holds the models"
    )
    copy_sources: bool = Field(False, description="also keep the videos themselves in the lake, as they are ingested")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="what is logged")
    ingest: IngestSettings = IngestSettings()
    transcribe: TranscribeSettings = TranscribeSettings()
    translate: TranslateSettings = TranslateSettings()
    dub: DubSettings = DubSettings()
    render: RenderSettings = RenderSettings()
    quality: QualitySettings = QualitySettings()
    cluster: ClusterSettings = ClusterSettings()
    endpoint: EndpointSettings = EndpointSettings()
    notify: NotifySettings = NotifySettings()
    maintain: MaintainSettings = MaintainSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    console: ConsoleSettings = ConsoleSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` merges the sources itself, so that file and profile can stand below the environment.
        return (init_settings,)

    def section(self, stage: str) -> Section:
        """The settings that decide a stage's result."""
        section = getattr(self, stage)
        if not isinstance(section, Section):
            raise KeyError(stage)
        return section


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """Resolve the settings; `flags` holds what the command line gave, as nested mappings without the absent ones.

    Raises `SettingsError` naming the file or variable, the setting, and what it may be.
    """
    flags = dict(flags or {})
    config = Path(os.environ.get(PREFIX + "CONFIG", CONFIG_FILE))
    from_file: dict[str, Any] = {}
    if config.is_file():
        from_file = _parse_toml(config.read_text(encoding="utf-8"), str(config))
    elif PREFIX + "CONFIG" in os.environ:
        raise SettingsError("no such file", where=PREFIX + "CONFIG", field=str(config), remedy="correct or unset it")
    environment = _environment()
    name = str(_merge(_merge({"profile": "embedded"}, from_file), _merge(environment, flags))["profile"])
    given = _merge(_merge(_profile(name), from_file), _merge(environment, flags))
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            f"{first['msg']} (given: {first.get('input')!r})",
            where="settings",
            field=".".join(str(part) for part in first["loc"]),
            remedy="docs/settings.md lists every setting and what it may be",
        ) from error


def profiles() -> list[str]:
    """Names of the profiles that ship with dubwright."""
    folder = resources.files("dubwright") / "profiles"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def _profile(name: str) -> dict[str, Any]:
    if name not in profiles():
        raise SettingsError(
            f"no profile is called {name!r}",
            where="settings",
            field="profile",
            remedy=f"use one of {', '.join(profiles())}",
        )
    text = (resources.files("dubwright") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    return _parse_toml(text, f"profile {name}") | {"profile": name}


def _parse_toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not TOML: {error}", where=where, remedy="correct the line") from error


def _environment() -> dict[str, Any]:
    known = {PREFIX + "CONFIG", ADDED} | {PREFIX + name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if variable.startswith(PREFIX) and variable.split("__")[0] not in known:
            raise SettingsError(
                "no setting has this variable", where="environment", field=variable, remedy="correct or unset it"
            )
    try:
        return dict(EnvSettingsSource(Settings)())
    except PydanticSettingsError as error:
        raise SettingsError(str(error), where="environment", remedy="give lists as JSON") from error


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """`high` over `low`, section by section."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
