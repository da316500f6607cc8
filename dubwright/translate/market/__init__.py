"""What the market of a language wants, as data, told to translators (`brief`) and checked in what they say (`review`).

A profile (`profile`) is a TOML file in `languages/` over the neutral one; `sources/` has what is looked for in source
text. Findings are flags with a reason (`finding`), kept in the translation's notes; no text is changed for them.
"""

from dubwright.market import MarketProfile, Overrides
from dubwright.translate.market.loading import NEUTRAL, digest, known, of

__all__ = ["NEUTRAL", "MarketProfile", "Overrides", "digest", "known", "of"]
