"""Links that run out: whoever has one may read a blob, or a series' files in a language, for a while, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

from dubwright.errors import KeyMissingError
from dubwright.lake import layout


@dataclass(frozen=True, slots=True)
class Link:
    """What a link leads to: a blob's key, its media type, and the name under which it is saved (None: it is shown)."""

    blob: str
    mime: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """What a link to an archive leads to: the newest files of a series in a language, of these kinds (none: all)."""

    series: str
    language: str
    kinds: tuple[str, ...] = ()


class Links:
    """Links signed with a secret, good for `seconds`."""

    def __init__(self, secret: str, seconds: int) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="dubwright media")
        self._archives = URLSafeTimedSerializer(secret, salt="dubwright archive")
        self._seconds = seconds

    def to(self, blob: str, mime: str, name: str | None = None) -> str:
        """The path of a blob. Raises `KeyMissingError` for a key that is no blob's."""
        if not layout.is_blob(blob):
            raise KeyMissingError("no key of a blob", field=blob)
        return f"/media/{self._signer.dumps([blob, mime, name])}"

    def read(self, token: str) -> Link:
        """What a link's last part leads to. Raises `KeyMissingError` for one that was not made here or has run out."""
        try:
            blob, mime, name = self._signer.loads(token, max_age=self._seconds)
        except (BadData, ValueError, TypeError) as error:
            raise KeyMissingError("the link has run out", remedy="load the page again") from error
        return Link(blob, mime, name)

    def to_archive(self, archive: Archive) -> str:
        """The path of a series' files as one."""
        return f"/media/archive/{self._archives.dumps([archive.series, archive.language, archive.kinds])}"

    def read_archive(self, token: str) -> Archive:
        """What the last part of a link to an archive leads to. Raises `KeyMissingError` as `read` does."""
        try:
            series, language, kinds = self._archives.loads(token, max_age=self._seconds)
        except (BadData, ValueError, TypeError) as error:
            raise KeyMissingError("the link has run out", remedy="load the page again") from error
        return Archive(series, language, tuple(kinds))
