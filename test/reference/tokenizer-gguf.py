"""Writes test/fixtures/tokenizer-gguf.json.gz: ids of hard strings by transformers' own reading of three GGUF files.

Needs: pip install transformers gguf sentencepiece protobuf. Run from the repository root:
PLUMBLINE_SMOLLM2=… PLUMBLINE_GEMMA=… PLUMBLINE_QWEN=… python3 test/reference/tokenizer-gguf.py
"""
import gzip
import importlib.metadata
import json
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
import types
import unicodedata

from strings import strings
from transformers.utils import import_utils


class Unused(types.ModuleType):
    """Stands in for torch, which transformers' GGUF reader imports and its tokenizers do not need."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        made = Unused(f"{self.__name__}.{name}")
        setattr(self, name, made)
        return made


if not import_utils.is_torch_available():
    for name in ("torch", "torch.nn"):
        sys.modules[name] = Unused(name)

from tokenizers import Tokenizer, pre_tokenizers
from transformers.integrations.gguf import gguf_tokenizer_mapping as mapping


def main() -> None:
    texts = strings()
    models = {}
    for name in ("smollm2", "gemma", "qwen"):
        path = Path(os.environ[f"PLUMBLINE_{name.upper()}"])
        architecture, described, _ = mapping.get_gguf_tokenizer(str(path))
        built, _ = mapping.convert_gguf_tokenizer(architecture, described)
        tokenizer: Tokenizer = built
        if name == "smollm2":
            # As the publisher's tokenizer.json (and llama.cpp) cuts; transformers knows no `smollm` and cuts as GPT-2.
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        # Qwen's own tokenizer.json normalises to NFC, which a GGUF does not carry; we follow the publisher.
        texts_in = [unicodedata.normalize("NFC", t) if name == "qwen" else t for t in texts]
        ids = [tokenizer.encode(t, add_special_tokens=False).ids for t in texts_in]
        models[name] = {"ids": ids, "decoded": [tokenizer.decode(i) for i in ids]}
    payload = {"source": f"transformers {importlib.metadata.version('transformers')}", "strings": texts, "models": models}
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    Path("test/fixtures/tokenizer-gguf.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


main()
