"""Writes test/fixtures/tokenizer-older.json.gz: a small SentencePiece model trained here, and GPT-2 files, with what their own packages make of hard strings.

Needs: pip install sentencepiece tokenizers. Run from the repository root: python3 test/reference/tokenizer-older.py
"""
import base64
import gzip
import importlib.metadata
import io
import json
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import ByteLevelBPETokenizer

sys.path.append(str(Path(__file__).parent))
from strings import strings


def spm(texts: list[str]) -> dict:
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t for t in texts if t.strip() and "\x00" not in t] * 5),
        model_writer=out,
        model_type="bpe",
        vocab_size=900,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        user_defined_symbols=["<tool>"],
        character_coverage=0.98,
        minloglevel=2,
    )
    model = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    # NUL ends a string for sentencepiece's trainer and control symbols are never text: both as they come.
    return {"model": base64.b64encode(out.getvalue()).decode(), "ids": [model.encode(t) for t in texts], "decoded": [model.decode(model.encode(t)) for t in texts]}


def gpt2(texts: list[str]) -> dict:
    made = ByteLevelBPETokenizer()
    made.train_from_iterator(texts * 3, vocab_size=700, special_tokens=["</s>", "<pad>"], show_progress=False)
    with tempfile.TemporaryDirectory() as folder:
        made.save_model(folder)
        files = {name: Path(folder, name).read_text() for name in ("vocab.json", "merges.txt")}
    return {**files, "ids": [made.encode(t).ids for t in texts]}


def main() -> None:
    texts = strings()
    payload = {"source": f"sentencepiece {importlib.metadata.version('sentencepiece')}, tokenizers {importlib.metadata.version('tokenizers')}", "strings": texts, "spm": spm(texts), "gpt2": gpt2(texts)}
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    Path("test/fixtures/tokenizer-older.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


main()
