"""An aligner and a diarization pipeline in miniature, with random weights: the formats of the real ones, not their ears."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import yaml


def aligner(folder: Path, characters: Iterable[str]) -> Path:
    """A wav2vec2 model with a CTC head over these characters, as transformers saves it."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir(parents=True)
    letters = ["<pad>", "<unk>", "|", *sorted(set(characters))]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({letter: index for index, letter in enumerate(letters)}), encoding="utf-8")
    marks = {"unk_token": "<unk>", "pad_token": "<pad>", "word_delimiter_token": "|"}
    tokenizer = Wav2Vec2CTCTokenizer(str(vocabulary), bos_token=None, eos_token=None, **marks)
    torch.manual_seed(7)
    model = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(letters),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            conv_dim=(16,) * 7,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=2,
            pad_token_id=0,
        )
    )
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), tokenizer).save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def diarizer(folder: Path) -> Path:
    """A pipeline with the segmentation model that WhisperX brings, and an encoder of voices that never learned any."""
    import torch
    import whisperx
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    for part in ("segmentation", "embedding", "plda"):
        (folder / part).mkdir(parents=True)
    bundled = Path(whisperx.__path__[0]) / "assets" / "pytorch_model.bin"
    shutil.copyfile(bundled, folder / "segmentation" / "pytorch_model.bin")
    torch.manual_seed(7)
    encoder = WeSpeakerResNet34()
    checkpoint = {
        "state_dict": encoder.state_dict(),
        "hyper_parameters": {},
        "pytorch-lightning_version": "2.0.0",
        "epoch": 0,
        "global_step": 0,
        "loops": {},
        "pyannote.audio": {
            "versions": {"torch": "2.0.0", "pyannote.audio": "4.0.0"},
            "architecture": {"module": type(encoder).__module__, "class": type(encoder).__name__},
            "specifications": Specifications(Problem.REPRESENTATION, Resolution.CHUNK, duration=5.0),
        },
    }
    torch.save(checkpoint, folder / "embedding" / "pytorch_model.bin")
    wide, narrow = 256, 128
    np.savez(
        folder / "plda" / "xvec_transform.npz", mean1=np.zeros(wide), mean2=np.zeros(narrow), lda=np.eye(wide, narrow)
    )
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(narrow), tr=np.eye(narrow), psi=np.linspace(2, 1, narrow))
    config = {
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": {
                "segmentation": "$model/segmentation",
                "embedding": "$model/embedding",
                "plda": "$model/plda",
                "clustering": "AgglomerativeClustering",
                "embedding_batch_size": 8,
            },
        },
        "params": {
            "segmentation": {"threshold": 0.5, "min_duration_off": 0.0},
            "clustering": {"method": "centroid", "min_cluster_size": 1, "threshold": 0.7},
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def entry(name: str, folder: Path, languages: Iterable[str], main: str) -> str:
    """The folder as an operator's file of artefacts names it."""
    paths = sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.name != main, str(path))
    )
    files = ",\n".join(
        f'  {{path = "{path.relative_to(folder)}", sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}", '
        f"bytes = {path.stat().st_size}}}"
        for path in paths
    )
    tags = ", ".join(f'"{language}"' for language in languages)
    return f'["{name}"]\ndescription = "random"\nlicence = "Apache-2.0"\nlanguages = [{tags}]\nfiles = [\n{files}\n]\n'
