"""XTTS, FreeVC and a voice of MMS in miniature: the libraries' own networks and file formats, with random weights.

They say nothing that could be understood, in voices that nobody has; what they keep to is the forms, and that what
decides a sound decides it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WIDTH, SPEAKER_WIDTH = 32, 16
# Stands in a checkpoint for a text that runs when it is evaluated.
TRAP = "__import__('pathlib').Path('trapped').touch()"


@contextmanager
def small_networks() -> Iterator[None]:
    """Within the block the libraries make those of their networks small whose size no file tells."""
    from TTS.tts.models import vits, xtts

    sizes = {
        "hidden_channels": 32,
        "hidden_channels_ffn_text_encoder": 32,
        "num_layers_text_encoder": 1,
        "num_layers_flow": 2,
        "num_layers_posterior_encoder": 2,
        "upsample_initial_channel_decoder": 16,
        "resblock_kernel_sizes_decoder": [3],
        "resblock_dilation_sizes_decoder": [[1, 3, 5]],
    }
    decoder = {
        "upsample_initial_channel_decoder": 32,
        "resblock_kernel_sizes_decoder": [3],
        "resblock_dilation_sizes_decoder": [[1, 3, 5]],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xtts, "HifiDecoder", partial(xtts.HifiDecoder, **decoder))
        patch.setattr(vits, "VitsArgs", partial(vits.VitsArgs, **sizes))
        yield


def xtts(
    folder: Path,
    *,
    legacy: bool = False,
    endless: bool = False,
    layers: int = 2,
    width: int = WIDTH,
    heads: int = 4,
    longest: int = 60,
) -> Path:
    """A folder as XTTS-v2 is published: with its configuration pickled beside the weights, where it is `legacy`.

    It says `longest` codes at most, a third of that where it is `endless`, and never less then.
    """
    import torch
    from TTS.tts.models.xtts import Xtts, XttsArgs, XttsConfig, _legacy_safe_globals

    from dubwright.dub.coqui.xtts_voices import VOICES

    folder.mkdir(parents=True)
    torch.manual_seed(7)
    known = _vocabulary(folder / "vocab.json")
    config = XttsConfig(
        model_args=XttsArgs(
            gpt_layers=layers,
            gpt_n_model_channels=width,
            gpt_n_heads=heads,
            gpt_number_text_tokens=known,
            gpt_start_text_token=1,
            gpt_stop_text_token=0,
            gpt_max_audio_tokens=longest // 3 if endless else longest,
            gpt_num_audio_tokens=34,
            gpt_start_audio_token=32,
            gpt_stop_audio_token=33,
            gpt_use_perceiver_resampler=True,
            gpt_max_text_tokens=402,
            decoder_input_dim=width,
            d_vector_dim=512,
        )
    )
    config.save_json(folder / "config.json")
    model = Xtts(config)
    with torch.no_grad():
        # Of six sounds one is the last.
        model.gpt.mel_head.bias[33] = -50.0 if endless else 1.5
        # Loud enough to be heard.
        model.hifigan_decoder.waveform_decoder.conv_post.weight.normal_(0, 0.5)
    weights = model.state_dict()
    if legacy:
        with _legacy_safe_globals():
            torch.save({"model": weights, "config": config}, folder / "model.pth")
    else:
        torch.save({"model": weights, "config": config.to_dict()}, folder / "model.pth")
    speakers = {
        voice.name: {
            "gpt_cond_latent": torch.randn(1, 32, width),
            "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
        }
        for voice in VOICES
    }
    torch.save(speakers, folder / "speakers_xtts.pth")
    return folder


def _vocabulary(path: Path) -> int:
    """Letters, signs, and the tokens of languages, as the published one has them; how many."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    marks = ["[STOP]", "[START]", "[UNK]", "[SPACE]", *(f"[{tag}]" for tag in ("en", "es", "fr", "zh-cn", "ja", "pt"))]
    known = {token: number for number, token in enumerate([*marks, *LETTERS, *".,!?'0123456789-"])}
    tokenizer = Tokenizer(models.BPE(vocab=known, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(marks)
    tokenizer.save(str(path))
    return len(known)


def freevc(folder: Path, *, layers: str | None = None) -> Path:
    """A folder as `dub.freevc_model` wants it."""
    import torch
    from TTS.vc.configs.freevc_config import FreeVCArgs, FreeVCConfig
    from TTS.vc.layers.freevc.speaker_encoder import hparams
    from TTS.vc.layers.freevc.wavlm.wavlm import WavLM, WavLMConfig

    from dubwright.dub.coqui import freevc as adapter

    folder.mkdir(parents=True)
    torch.manual_seed(7)
    about: dict[str, Any] = {
        "encoder_layers": 1,
        "encoder_embed_dim": 32,
        "encoder_ffn_embed_dim": 32,
        "encoder_attention_heads": 2,
        "conv_feature_layers": "[(16,10,5)] + [(16,3,2)] * 4 + [(16,2,2)] * 2",
        "conv_pos": 16,
        "conv_pos_groups": 2,
        "relative_position_embedding": True,
        "gru_rel_pos": True,
    }
    wavlm = WavLM(WavLMConfig(about)).state_dict()
    torch.save(
        {"cfg": about | ({"conv_feature_layers": layers} if layers else {}), "model": wavlm}, folder / "WavLM-Large.pt"
    )
    lstm = torch.nn.LSTM(hparams.mel_n_channels, hparams.model_hidden_size, hparams.model_num_layers)
    linear = torch.nn.Linear(hparams.model_hidden_size, hparams.model_embedding_size)
    weights = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    weights |= {f"linear.{name}": value for name, value in linear.state_dict().items()}
    torch.save({"model_state": weights}, folder / "speaker_encoder.pt")
    config = FreeVCConfig(
        model_args=FreeVCArgs(
            inter_channels=16,
            hidden_channels=16,
            upsample_rates=[10, 6, 4, 2],
            upsample_initial_channel=32,
            upsample_kernel_sizes=[16, 16, 4, 4],
            resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1, 3, 5]],
            ssl_dim=32,
            use_spk=True,
        )
    )
    config.save_json(folder / "config.json")
    if layers:  # never loaded
        torch.save({"model": {}}, folder / "model.pth")
        return folder
    made = _untrained_freevc(adapter, folder, config)
    with torch.no_grad():
        made.dec.conv_post.weight.normal_(0, 0.3)
        made.dec.cond.weight.normal_(0, 1.0)
    torch.save({"model": made.state_dict()}, folder / "model.pth")
    return folder


def _untrained_freevc(adapter: Any, folder: Path, config: Any) -> Any:
    from TTS.vc.models import freevc as library

    parts = {
        "get_wavlm": lambda: adapter._wavlm(folder / "WavLM-Large.pt"),
        "SpeakerEncoderEx": adapter._speakers(folder / "speaker_encoder.pt"),
    }
    with adapter._instead(library, **parts):
        return library.FreeVC(config)


def mms(folder: Path, letters: str = LETTERS, *, uroman: bool = False) -> Path:
    """A folder as MMS's voices are published for fairseq."""
    import torch
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models import vits

    folder.mkdir(parents=True)
    torch.manual_seed(7)
    vocabulary = ["_", " ", *letters]
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")
    files = "train.ltr.uroman" if uroman else "train.ltr"
    about = {"data": {"sampling_rate": 16000, "training_files": files, "add_blank": True}}
    (folder / "config.json").write_text(json.dumps(about), encoding="utf-8")
    model = vits.Vits(VitsConfig(model_args=vits.VitsArgs(init_discriminator=False)))
    model.text_encoder.emb = torch.nn.Embedding(len(vocabulary), model.args.hidden_channels)
    with torch.no_grad():
        model.waveform_decoder.conv_post.weight.normal_(0, 0.3)
    torch.save(
        {"model": {_published(name): value for name, value in model.state_dict().items()}}, folder / "G_100000.pth"
    )
    return folder


def _published(name: str) -> str:
    """A weight's name in fairseq's files, of its name in the library."""
    part, _, rest = name.partition(".")
    if part == "flow":
        flows, number, rest = rest.split(".", 2)
        return f"flow.{flows}.{2 * int(number)}.{rest}"
    if part == "duration_predictor" and rest.startswith(("flows.", "post_flows.")):
        flows, number, rest = rest.split(".", 2)
        rest = {"translation": "m", "log_scale": "logs"}.get(rest, rest)
        return f"dp.{flows}.{max(0, 2 * int(number) - 1)}.{rest}"
    parts = {
        "text_encoder": "enc_p",
        "waveform_decoder": "dec",
        "posterior_encoder": "enc_q",
        "duration_predictor": "dp",
    }
    return f"{parts.get(part, part)}.{rest}"
