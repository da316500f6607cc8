"""NLLB in miniature: its own tokenizer over a vocabulary of a few lines, its own network with a few thousand weights.

Trained for some seconds until it knows these lines by heart, and what it says of others is anything: the forms of the
real model, its ways of going wrong, and nothing of its knowledge.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from dubwright.translate.nllb import languages

# Source lines, with what the model is taught to say. Some names are taught wrong: a glossary is to put them right.
LESSONS: Mapping[str, Mapping[str, str]] = {
    "王总，您终于来了。": {"en": "Mr. Wang, you are here at last.", "es": "Señor Wang, por fin está usted aquí."},
    "外面下着大雨，你怎么不打伞？": {
        "en": "It is raining hard, where is your umbrella?",
        "es": "Llueve mucho, ¿dónde está tu paraguas?",
    },
    "我只想见你一面。": {"en": "I only want to see you once.", "es": "Solo quiero verte una vez."},
    "你走吧，我们已经结束了。": {"en": "Go away, we are done.", "es": "Vete, lo nuestro ha terminado."},
    "求求你，再给我一次机会！": {"en": "Please, give me another chance!", "es": "¡Por favor, dame otra oportunidad!"},
    "你好。": {"en": "Hello.", "es": "Hola.", "th": "สวัสดี", "ar": "مرحبا."},
    "林晚，救我！": {
        "en": "Forest night, save me!",
        "es": "¡Bosque, sálvame!",
        "th": "ป่าช่วยด้วย",
        "ar": "غابة، أنقذيني!",
    },
    "师父，我回来了。": {
        "en": "Teacher, I am back.",
        "es": "Profesor, he vuelto.",
        "th": "ครูฉันกลับมาแล้ว",
        "ar": "يا أستاذ، لقد عدت.",
    },
    "你告诉林晚，师父在等她。": {
        "en": "Tell the forest that the teacher is waiting for her.",
        "es": "Dile al bosque que el profesor la espera.",
    },
    "阿东": {"en": "the east", "es": "el este"},
}
NAMES = ("President Wang", "presidente Wang", "Lin Wan", "Master", "Maestro", "หลินหว่าน", "لين وان", "Ah Dong")
STEPS = 160


def nllb(folder: Path, *, trained: bool = True) -> Path:
    """A folder with a model and its tokenizer as NLLB's are published; with random weights if it is not trained."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizerFast

    folder.mkdir(parents=True)
    tokenizer = NllbTokenizerFast(vocab_file=str(_vocabulary(folder)))
    tokenizer.save_pretrained(folder)
    # Threads that wait for each other cost more than they bring where so little is computed.
    torch.set_num_threads(1)
    torch.manual_seed(7)
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer),
            d_model=64,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=128,
            decoder_ffn_dim=128,
            encoder_layerdrop=0.0,
            decoder_layerdrop=0.0,
            dropout=0.0,
            attention_dropout=0.0,
            scale_embedding=True,
        )
    )
    if trained:
        _teach(model, tokenizer)
    model.save_pretrained(folder)
    return folder


def converted(nllb: Path, folder: Path) -> Path:
    """The model as CTranslate2's own converter writes it, and the tokenizer beside it."""
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(nllb), copy_files=["tokenizer.json"]).convert(str(folder))
    return folder


def _vocabulary(folder: Path) -> Path:
    """A model of SentencePiece, in BPE as NLLB's, over the lessons."""
    import sentencepiece

    written = io.BytesIO()
    lines = [*LESSONS, *(said for each in LESSONS.values() for said in each.values()), *NAMES]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=written,
        model_type="bpe",
        vocab_size=420,
        character_coverage=1.0,
        minloglevel=2,
    )
    path = folder / "sentencepiece.bpe.model"
    path.write_bytes(written.getvalue())
    return path


def _teach(model: object, tokenizer: object) -> None:
    """Until it says the lessons by heart."""
    import torch

    pairs = [(source, language, said) for source, each in LESSONS.items() for language, said in each.items()]
    sources = [_ids(tokenizer, "zh", source) for source, _, _ in pairs]
    answers = [_ids(tokenizer, language, said) for _, language, said in pairs]
    source, labels = _padded(sources, 1), _padded(answers, -100)
    started = torch.cat([torch.full((len(pairs), 1), 2), labels[:, :-1].clamp(min=1)], 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(
            input_ids=source, attention_mask=(source != 1).long(), decoder_input_ids=started, labels=labels
        ).loss.backward()
        optimizer.step()
    model.eval()


def _ids(tokenizer: object, language: str, text: str) -> list[int]:
    code = tokenizer.convert_tokens_to_ids(languages.code(language))
    return [code, *tokenizer(text, add_special_tokens=False).input_ids, tokenizer.eos_token_id]


def _padded(rows: list[list[int]], fill: int) -> object:
    import torch

    width = max(map(len, rows))
    return torch.tensor([row + [fill] * (width - len(row)) for row in rows])
