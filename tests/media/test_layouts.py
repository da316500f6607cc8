"""Which layouts are kept, and what is known of their channels."""

from __future__ import annotations

import av
import pytest

from dubwright.media import layouts


@pytest.mark.parametrize(
    ("name", "channels", "kept"),
    [
        ("mono", 1, layouts.MONO),
        ("1 channels (FL)", 1, layouts.MONO),
        ("stereo", 2, layouts.STEREO),
        ("5.1", 6, layouts.SURROUND),
        ("5.1(side)", 6, layouts.SURROUND),
        ("6 channels", 6, layouts.SURROUND),
        ("7.1", 8, layouts.SURROUND_7),
        ("8 channels", 8, layouts.SURROUND_7),
        ("downmix", 2, layouts.STEREO),
        ("quad", 4, layouts.STEREO),
        ("6.0", 6, layouts.STEREO),
        ("7.1(wide)", 8, layouts.STEREO),
        ("ambisonic 1", 4, layouts.STEREO),
        ("unheard of", 24, layouts.STEREO),
    ],
)
def test_what_is_not_kept_becomes_stereo(name: str, channels: int, kept: layouts.Layout) -> None:
    assert layouts.kept(name, channels) is kept


@pytest.mark.parametrize(("channels", "layout"), layouts.KEPT.items())
def test_channels_stand_in_the_order_of_ffmpeg(channels: int, layout: layouts.Layout) -> None:
    assert layout.channels == tuple(channel.name for channel in av.AudioLayout(layout.name).channels)
    assert len(layout.channels) == channels


@pytest.mark.parametrize("layout", layouts.KEPT.values())
def test_every_channel_but_the_low_one_is_heard_once_and_nobody_speaks_from_it(layout: layouts.Layout) -> None:
    heard = [layout.channels[at] for pair in layout.pairs for at in sorted(set(pair))]
    assert sorted(heard) == sorted(set(layout.channels) - {"LFE"})
    assert all(layout.channels[at] in {"FL", "FR", "FC"} for front in layout.fronts for at in front)
