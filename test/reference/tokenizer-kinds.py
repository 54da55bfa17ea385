"""Writes test/fixtures/tokenizers.json.gz: small tokenizers of every kind that is read, trained here, with what the `tokenizers` package makes of hard strings.

Needs: pip install tokenizers. Run from the repository root: python3 test/reference/tokenizer-kinds.py
"""
import gzip
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import importlib.metadata

from strings import strings
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers, AddedToken

CL = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LO = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
UP = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = rf"[^\r\n\p{{L}}\p{{N}}]?{UP}*{LO}+|[^\r\n\p{{L}}\p{{N}}]?{UP}+{LO}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
byte_level = lambda regex: pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)
split = lambda regex, behaviour="isolated", invert=False: pre_tokenizers.Split(Regex(regex), behaviour, invert)
seq = pre_tokenizers.Sequence
spm_decoder = lambda *more: decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *more])


def kinds() -> dict:
    """name → (normaliser, pre-tokenizer, decoder, options of the BPE model)."""
    b = decoders.ByteLevel()
    return {
        "gpt2": (None, byte_level(True), b, {}),
        "gpt2-prefix": (None, pre_tokenizers.ByteLevel(add_prefix_space=True), b, {}),
        "digits": (None, seq([pre_tokenizers.Digits(True), byte_level(True)]), b, {}),
        "llama3": (None, seq([split(CL % "{1,3}"), byte_level(False)]), b, {"ignore_merges": True}),
        "qwen2": (normalizers.NFC(), seq([split(CL % ""), byte_level(False)]), b, {}),
        "falcon": (None, seq([pre_tokenizers.Punctuation("contiguous"), byte_level(True), pre_tokenizers.Digits(False), split("[0-9][0-9][0-9]")]), b, {}),
        "tekken": (None, seq([split(TEKKEN), byte_level(False)]), b, {"ignore_merges": True}),
        "punctuation": (None, seq([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated"), byte_level(False)]), b, {}),
        "behaviours": (None, seq([split(r"\s", "merged_with_next"), split(r"[aeiou]", "merged_with_previous"), split(r"[,.]", "removed"), split(r"\w+", "contiguous"), byte_level(False)]), b, {}),
        "llama-legacy": (normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None, spm_decoder(decoders.Strip(" ", 1, 0)), {"byte_fallback": True, "fuse_unk": True}),
        "gemma": (normalizers.Replace(" ", "▁"), split(" ", "merged_with_previous"), spm_decoder(), {"byte_fallback": True, "fuse_unk": True}),
        "metaspace-first": (None, pre_tokenizers.Metaspace("▁", "first", False), spm_decoder(decoders.Strip(" ", 1, 0)), {"byte_fallback": True, "fuse_unk": True}),
        "metaspace": (normalizers.NFKC(), pre_tokenizers.Metaspace("▁", "always", True), decoders.Metaspace("▁", "always", True), {"unk_token": "<unk>", "fuse_unk": True}),
    }


def made(name: str, parts: tuple, corpus: list[str]) -> Tokenizer:
    normaliser, pre, decoder, options = parts
    tokenizer = Tokenizer(models.BPE(unk_token=options.get("unk_token")))
    if normaliser:
        tokenizer.normalizer = normaliser
    if pre:
        tokenizer.pre_tokenizer = pre
    bytelike = isinstance(decoder, decoders.ByteLevel)
    alphabet = pre_tokenizers.ByteLevel.alphabet() if bytelike else []
    fallback = [f"<0x{i:02X}>" for i in range(256)] if options.get("byte_fallback") else []
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=["<unk>", "<s>", "</s>"] + fallback, initial_alphabet=alphabet, show_progress=False, limit_alphabet=300)
    tokenizer.train_from_iterator(corpus, trainer)
    data = json.loads(tokenizer.to_str())
    data["model"].update({k: v for k, v in options.items()})
    data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.decoder = decoder
    tokenizer.add_special_tokens([AddedToken("<|im_start|>", special=True), AddedToken("<|im_end|>", special=True, rstrip=name == "llama-legacy")])
    tokenizer.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("fox", normalized=True, single_word=True)])
    # With a prepending normaliser the package decodes such a token by its normalised spelling ("▁lazy"); we keep its own.
    if name != "llama-legacy":
        tokenizer.add_tokens([AddedToken("lazy", normalized=True, lstrip=True)])
    if name in ("llama3", "gemma", "llama-legacy"):
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return tokenizer


def main() -> None:
    texts = strings()
    corpus = [t for t in texts if t] * 3
    out = {}
    for name, parts in kinds().items():
        tokenizer = made(name, parts, corpus)
        encoded = [tokenizer.encode(t, add_special_tokens=False).ids for t in texts]
        out[name] = {
            "tokenizer": json.loads(tokenizer.to_str()),
            "ids": encoded,
            "bos": tokenizer.encode("x").ids[: -len(tokenizer.encode("x", add_special_tokens=False).ids)],
            "decoded": [tokenizer.decode(ids) for ids in encoded],
            "raw": [tokenizer.decode(ids[1:4], skip_special_tokens=False) for ids in encoded],
        }
    payload = {"source": f"tokenizers {importlib.metadata.version('tokenizers')}", "strings": texts, "kinds": out}
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    Path("test/fixtures/tokenizers.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


main()
