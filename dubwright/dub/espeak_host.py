"""espeak-ng in a process of its own: text on standard input, the rate and 16-bit samples on standard output.

    python -I espeak_host.py LIBRARY DATA VOICE WORDS_PER_MINUTE

The library keeps global state, which Kokoro's phonemizer needs for itself, and may crash on odd text; here neither
matters. Only the standard library is imported. Exit status 3: no such voice; 4: the library cannot be used.
"""

from __future__ import annotations

import ctypes
import struct
import sys

SYNCHRONOUS, DONT_EXIT = 2, 0x8000
CHARACTERS, UTF8 = 1, 1
WORDS_PER_MINUTE = 1
NO_VOICE, NO_LIBRARY = 3, 4

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main(library: str, data: str, voice: str, words_per_minute: str) -> int:
    """Speak standard input as 16-bit PCM to standard output; the exit code says what was missing."""
    espeak = ctypes.CDLL(library)
    rate = espeak.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DONT_EXIT)
    if rate <= 0:
        return NO_LIBRARY
    # Its noise is drawn by lot, from the time of day unless told otherwise: a line is to sound the same every time.
    espeak.espeak_ng_SetRandSeed(ctypes.c_long(1))
    pieces: list[bytes] = []

    @Callback
    def take(samples, count, events):  # type: ignore[no-untyped-def]
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    espeak.espeak_SetSynthCallback(take)
    if espeak.espeak_SetVoiceByName(voice.encode()) != 0:
        return NO_VOICE
    espeak.espeak_SetParameter(WORDS_PER_MINUTE, int(words_per_minute), 0)
    text = sys.stdin.buffer.read()
    espeak.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    espeak.espeak_Synth(text, len(text) + 1, 0, CHARACTERS, 0, UTF8, None, None)
    espeak.espeak_Synchronize()
    sys.stdout.buffer.write(struct.pack("<i", rate) + b"".join(pieces))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
