"""The channel layouts that a sound keeps from its source to its dub; every other is mixed down to stereo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout by FFmpeg's name, and its channels in order.

    People speak from one of `fronts`, the likeliest first. A separator, which hears two channels, is given each of `pairs`;
    a lone channel as both. All are channels' numbers.
    """

    name: str
    channels: tuple[str, ...]
    fronts: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, int], ...]


MONO = Layout("mono", ("FC",), fronts=((0,),), pairs=((0, 0),))
STEREO = Layout("stereo", ("FL", "FR"), fronts=((0, 1),), pairs=((0, 1),))
# Of a stereo sound that was spread over more channels the centre may be empty.
SURROUND = Layout("5.1", ("FL", "FR", "FC", "LFE", "BL", "BR"), fronts=((2,), (0, 1)), pairs=((0, 1), (2, 2), (4, 5)))
SURROUND_7 = Layout("7.1", (*SURROUND.channels, "SL", "SR"), fronts=SURROUND.fronts, pairs=(*SURROUND.pairs, (6, 7)))
KEPT = {len(layout.channels): layout for layout in (MONO, STEREO, SURROUND, SURROUND_7)}
# What says only how many channels it has is taken by their number, as FFmpeg does; FLAC and AAC know one 5.1.
_NAMED = {layout.name: layout for layout in KEPT.values()}
_NAMED |= {f"{count} channels": layout for count, layout in KEPT.items()} | {"5.1(side)": SURROUND}


def kept(name: str, channels: int) -> Layout:
    """The layout in which a sound of FFmpeg's layout `name`, with so many channels, goes on."""
    return MONO if channels == 1 else _NAMED.get(name, STEREO)
