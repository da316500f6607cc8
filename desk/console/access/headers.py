"""What browsers are told not to do with the console's pages."""

from __future__ import annotations

import re

# A source of scripts in a policy: names and addresses of four parts. Of others the whole origin is named.
_SOURCE = re.compile(r"[a-z0-9.-]+(:\d{1,5})?")
STATIC = "/static/"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: forms would then say that they come from nowhere.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(
        f"{name}=()" for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "serial", "usb")
    ),
}
_HSTS = "max-age=31536000"


def headers(path: str, versioned: bool, host: str, secure: bool) -> dict[str, str]:
    """Headers of an answer that has none of these of its own.

    `host` is as the request has it; a static file whose query names its version is `versioned`: browsers keep it for good.
    """
    found = _ALWAYS | {"content-security-policy": _policy(host), "cache-control": _kept(path, versioned)}
    return found | {"strict-transport-security": _HSTS} if secure else found


def _policy(host: str) -> str:
    # Scripts from /static alone: what somebody got into the lake is no script, though it comes from the same origin.
    scripts = f"{host}{STATIC}" if _SOURCE.fullmatch(host) else "'self'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _kept(path: str, versioned: bool) -> str:
    if not path.startswith(STATIC):
        return "no-store"
    return "public, max-age=31536000, immutable" if versioned else "no-cache"
