"""Writes test/fixtures/pretokenizers.json.gz: how the `tokenizers` package cuts hard strings, with the pre-tokenizers that publishers' tokenizer.json files configure.

Names are those of `tokenizer.ggml.pre`. Needs: pip install tokenizers. Run from the repository root: python3 test/reference/pretokenizers.py
"""
import gzip
import importlib.metadata
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from strings import strings
from tokenizers import Regex, pre_tokenizers as pre

TAIL = r"\s*[\r\n]+|\s+(?!\S)|\s+"
SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LO, UP = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
DEEP3 = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|""" + TAIL


def split(*patterns: str) -> list:
    return [pre.Split(Regex(p), "isolated") for p in patterns]


def cl100k(digits: str, letters: str = r"\p{L}", other: str = r"\s\p{L}\p{N}", after: str = r"[\r\n]*") -> str:
    return rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?{letters}+|\p{{N}}{digits}| ?[^{other}]+{after}|{TAIL}"


def o200k(tail: str, digits: str) -> str:
    return rf"[^\r\n\p{{L}}\p{{N}}]?{UP}*{LO}+{tail}|[^\r\n\p{{L}}\p{{N}}]?{UP}+{LO}*{tail}|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{TAIL}"


KINDS = {
    "gpt-2": [pre.ByteLevel(add_prefix_space=False)],
    "smollm": [pre.Digits(True), pre.ByteLevel(add_prefix_space=False)],
    "falcon": [pre.Punctuation("contiguous"), pre.ByteLevel(add_prefix_space=False), pre.Digits(False), *split("[0-9][0-9][0-9]")],
    "llama-bpe": split(cl100k("{1,3}")),
    "qwen2": split(cl100k("")),
    "qwen35": split(cl100k("", r"[\p{L}\p{M}]", r"\s\p{L}\p{M}\p{N}")),
    "seed-coder": split(cl100k("{1}", other=r"\s\p{L}\p{N}\r\n", after="")),
    "minicpm5": split(r"\p{N}{1,3}", cl100k("+")),
    "deepseek-coder": [*split(r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+"), pre.Digits(True)],
    "deepseek-v3": split(r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEP3),
    "hunyuan-dense": split(r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEP3),
    "tekken": split(o200k("", "")),
    "gpt-4o": split(o200k(f"{SHORT}?", "{1,3}")),
    "tiny_aya": split(r"\d{1,3}(?=(?:\d{3})*\b)", o200k(f"{SHORT}?", "{1,3}")),
    "bloom": split(r" ?[^(\s|.,!?…。，、।۔،)]+"),
}


def spelt(pieces: list, bytelike: bool) -> list:
    """Words in GPT-2's byte alphabet."""
    if bytelike:
        return [piece for piece, _ in pieces]
    level = pre.ByteLevel(add_prefix_space=False, use_regex=False)
    return ["".join(p for p, _ in level.pre_tokenize_str(piece)) for piece, _ in pieces]


def main() -> None:
    texts = strings() + ["12 345 6789 ²³ ½x٣٤٥٦ 1234567890", "ab12cd345 a1 ¹²", "don't DON'T l'été"]
    out = {}
    for name, stages in KINDS.items():
        cutter = pre.Sequence(stages)
        bytelike = any(isinstance(stage, pre.ByteLevel) for stage in stages)
        out[name] = [spelt(cutter.pre_tokenize_str(text), bytelike) for text in texts]
    payload = {"source": f"tokenizers {importlib.metadata.version('tokenizers')}", "strings": texts, "kinds": out}
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    Path("test/fixtures/pretokenizers.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


main()
