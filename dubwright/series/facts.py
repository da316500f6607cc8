"""What is known of a whole series: its title, its cast, its glossary; read from the `series.yaml` beside its episodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from dubwright import languages, sources
from dubwright.errors import LanguageError, ManifestError
from dubwright.fingerprint import fingerprint
from dubwright.market import Overrides

FILE = "series.yaml"
MAX_BYTES = 4 * 1024 * 1024

Sex = Literal["female", "male", "unknown"]
# What a term's rendering is: proposed ones wait for somebody to approve them, and are not applied.
Status = Literal["proposed", "approved"]
# Whether a character's voice may be cloned: that of the actor, who has to have agreed.
Consent = Literal["granted", "refused"]


def _language(tag: str) -> str:
    try:
        return languages.parse(tag)
    except LanguageError as error:
        raise ValueError(error.problem) from error


LanguageTag = Annotated[str, AfterValidator(_language)]


class _Fact(BaseModel):
    # A newer file may say more than this version understands; what it says is kept in the file.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Character(_Fact):
    """Someone who speaks, by the name that the source language gives them.

    `consent` to clone the voice is given for every language or by language; where nothing is said there is none.
    """

    name: str = Field(min_length=1)
    sex: Sex = "unknown"
    aliases: tuple[str, ...] = ()
    description: str = ""
    consent: Consent | dict[LanguageTag, Consent] | None = None

    @field_validator("consent", mode="before")
    @classmethod
    def _granted_or_refused(cls, consent: Any) -> Any:
        for each in consent.values() if isinstance(consent, dict) else [consent]:
            if each is not None and each not in get_args(Consent):
                raise ValueError(f"{str(each)[:40]!r} is no consent: write granted or refused, or {{en: granted}}")
        return consent

    def consents(self, language: str) -> bool:
        """Whether the voice may be cloned in a language: what is said of it, else of the language without its region."""
        if isinstance(self.consent, dict):
            said = self.consent.get(language) or self.consent.get(languages.base(language))
            return said == "granted"
        return self.consent == "granted"


class Term(_Fact):
    """A name or form of address with its fixed rendering per language, and how a voice is to say it where the rendering is
    read wrongly: respelt (`{en: Loo Wahn-ching}`), never shown."""

    source: str = Field(min_length=1)
    renderings: dict[LanguageTag, str] = {}
    pronunciations: dict[LanguageTag, str] = {}
    aliases: tuple[str, ...] = ()
    kind: str = "term"
    sex: Sex = "unknown"
    status: Status = "approved"
    notes: str = ""

    def occurs_in(self, text: str) -> bool:
        """Whether a text holds the term or one of its aliases."""
        return any(name in text for name in (self.source, *self.aliases))


class Subtitles(_Fact):
    """The subtitles in the picture: the `band` where they stand, from and to as shares of its height (0 is the top)."""

    band: tuple[float, float] | None = None

    @field_validator("band")
    @classmethod
    def _in_the_picture(cls, band: tuple[float, float] | None) -> tuple[float, float] | None:
        if band and not 0 <= band[0] < band[1] <= 1:
            raise ValueError("a band is two shares of the picture's height, as [0.75, 0.85]")
        return band


class SeriesFacts(_Fact):
    """All that is known of a series. Empty where nobody wrote anything down."""

    title: str = ""
    language: LanguageTag | None = None
    synopsis: str = ""
    cast: tuple[Character, ...] = ()
    glossary: tuple[Term, ...] = ()
    subtitles: Subtitles = Subtitles()
    market: dict[LanguageTag, Overrides] = {}

    def glossary_for(self, language: str) -> dict[str, str]:
        """Source term and each alias → rendering in `language`; what has none there or is not approved is left out."""
        found: dict[str, str] = {}
        for term in self.glossary:
            if term.status != "approved":
                continue
            rendering = term.renderings.get(language) or term.renderings.get(languages.base(language))
            if rendering:
                found.update(dict.fromkeys((term.source, *term.aliases), rendering))
        return found

    def pronunciations_for(self, language: str) -> dict[str, str]:
        """Rendering → how it is said in `language`, of approved terms that say so; of one without a rendering, its source."""
        found: dict[str, str] = {}
        for term in self.glossary:
            said = term.pronunciations.get(language) or term.pronunciations.get(languages.base(language))
            written = term.renderings.get(language) or term.renderings.get(languages.base(language)) or term.source
            if said and term.status == "approved":
                found[written] = said
        return found

    @property
    def pronounced(self) -> bool:
        """Whether any term says how it is said."""
        return any(term.pronunciations for term in self.glossary)

    def listed(self, name: str) -> Character | None:
        """The character of the cast list who has this name or alias."""
        return next((one for one in self.cast if name in (one.name, *one.aliases)), None)

    def market_for(self, language: str) -> Overrides | None:
        """What the series wants otherwise than a language's market does; None where it says nothing."""
        return self.market.get(language) or self.market.get(languages.base(language))

    def within(self, said: str, speakers: Collection[str] = ()) -> SeriesFacts:
        """What of it concerns an episode in which this is `said`, by these `speakers`: its terms, its people."""
        glossary = tuple(term for term in self.glossary if term.occurs_in(said))
        met = tuple(
            one for one in self.cast if one.name in speakers or any(name in said for name in (one.name, *one.aliases))
        )
        return self.model_copy(update={"glossary": glossary, "cast": met})

    def digest_for(self, stage: str, language: str | None) -> str | None:
        """Digest of the facts that can change a stage's result in a language; None where none can."""
        content: dict[str, Any]
        if stage == "translate" and language:
            content = {"glossary": self.glossary_for(language), "cast": self._dump_cast(), "synopsis": self.synopsis}
            if wanted := self.market_for(language):
                content["market"] = asdict(wanted)
        elif stage == "transcribe":
            # Names put right what was misheard; how many people of which sex may speak bounds how many are told apart.
            names = sorted({name for term in self.glossary for name in (term.source, *term.aliases)})
            people = [[one.name, one.sex, *one.aliases] for one in self.cast]
            content = {"cast": people, "names": names}
            if self.subtitles.band:
                content["band"] = self.subtitles.band
        elif stage == "dub":
            content = {"cast": self._dump_cast()}
            if language and (said := self.pronunciations_for(language)):
                content["pronunciations"] = said
        else:
            return None
        return fingerprint(content) if any(content.values()) else None

    def _dump_cast(self) -> list[dict[str, Any]]:
        # Consent decides which voices are cloned, and is part of what a dub is told of those.
        return [character.model_dump(mode="json", exclude={"consent"}) for character in self.cast]


def said(rows: Iterable[Mapping[str, Any]]) -> str:
    """What is said in an episode and, where its transcript names them, by whom; from the transcript's rows."""
    return "\n".join(part for row in rows for part in (row["character"], row["text"]) if part)


def read(where: str | Path) -> SeriesFacts:
    """Read a `series.yaml`, here or in a store. Raises `ManifestError` naming the file and the field, `StoreError`."""
    address = str(where)
    try:
        content = yaml.safe_load(_content(address).decode("utf-8"))
        return SeriesFacts.model_validate(content if content is not None else {})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ManifestError(first["msg"], where=address, field=field, remedy="correct this field") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"not YAML: {error}", where=address, remedy="correct the line") from error
    except OSError as error:
        raise ManifestError(error.strerror or str(error), where=address) from error


def _content(address: str) -> bytes:
    place = sources.split(address)
    with place.connect().open(place.key) if place else sources.local(address).open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ManifestError(f"larger than {MAX_BYTES} bytes", where=address, remedy="is this the right file?")
    return content
