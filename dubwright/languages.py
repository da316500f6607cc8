"""Language tags: what people write, what tables hold, what containers and engines want."""

from __future__ import annotations

from functools import cache

import langcodes
from langcodes.tag_parser import LanguageTagError

from dubwright.errors import LanguageError

# The kind of a note, before its colon, that an episode is in another language than said: written where it is heard,
# known again where runs are reported and lines reviewed.
NOTE = "language"


@cache
def parse(tag: str) -> str:
    """The canonical BCP-47 form of a tag (`EN` → `en`, `pt_br` → `pt-BR`).

    Raises `LanguageError` for what is no tag of a known language.
    """
    try:
        language = langcodes.Language.get(tag.strip(), normalize=True)
        known = language.is_valid() and language.language not in (None, "und")
    except (LanguageTagError, AttributeError):
        known = False
    if not known:
        raise LanguageError(
            f"{tag!r} is no language", field="language", remedy="give a BCP-47 tag such as en, es, pt-BR, zh"
        )
    return str(language.to_tag())


def base(tag: str) -> str:
    """The language without region and script: `pt` of `pt-BR`."""
    return str(langcodes.Language.get(tag).language)


def name(tag: str) -> str:
    """Its English name: `Brazilian Portuguese` of `pt-BR`."""
    return str(langcodes.Language.get(tag).display_name())


def iso639_2(tag: str) -> str:
    """The three letters that containers tag streams with: `spa` of `es-419`."""
    try:
        return str(langcodes.Language.get(tag).to_alpha3(variant="T"))
    except LookupError:
        return "und"
