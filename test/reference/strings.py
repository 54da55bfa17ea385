"""The hard strings that the tokenizer references are made on: scripts, white space, combining marks, broken and special text."""

SPECIALS = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<0x41>", "▁", "<pad>"]

BASE = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    " \n ",
    "a",
    " a",
    "a ",
    "Hello, world!",
    "  leading and trailing  ",
    "I'm you're he'll they'd we've it's 'tis don't CAN'T I'M WE'LL",
    "CamelCaseWord snake_case_word kebab-case UPPER lower MiXeD",
    "1", "12", "123", "1234", "12345 678901", "3.14159", "1,000,000", "0x1F", "½ ² Ⅷ ٣٤٥ १२३ 四五",
    "email@example.com https://example.com/a?b=c&d=e#f",
    "def f(x):\n    return x ** 2  # comment\n\n\nclass A:\n\tpass\n",
    "{\"a\": [1, 2, {\"b\": null}], 'c': `d`}",
    "!!! ??? ... --- *** ### $$$ ^^^ ~~~ ||| \\\\ // <> <<>> += == != =>",
    "“quotes” ‘single’ — dash – en … ellipsis «guillemets» ¿qué? ¡ay!",
    "。、，！？：；（）「」『』【】",
    "你好，世界！今天天气怎么样？",
    "天地玄黄宇宙洪荒日月盈昃辰宿列张",
    "こんにちは世界。カタカナとひらがな。",
    "안녕하세요 세계! 한국어 문장입니다.",
    "مرحبا بالعالم، كيف حالك اليوم؟",
    "नमस्ते दुनिया, आप कैसे हैं?",
    "Привет, мир! Как дела?",
    "Γειά σου Κόσμε",
    "שלום עולם",
    "สวัสดีชาวโลก",
    "Xin chào thế giới, tiếng Việt có dấu",
    "Ünïcödé çharäctërs ñ ß æ œ ø å Ž ł",
    "Å \u0041\u030a \u212b",
    "e\u0301 \u00e9 \u1e9b\u0323 \ufb01 \u2126",
    "a\u0300\u0301\u0302\u0303\u0304 z\u0351\u0352",
    "😀", "😀😁", "👨‍👩‍👧‍👦 family", "👍🏽 👩🏿‍🚀 🏳️‍🌈 🇩🇪🇯🇵", "❤️‍🔥 ☎️ ✌🏻", "🫠🪿",
    "\u200b\u200c\u200d\u2060", "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u0085g\u180eh", "\ufeffBOM at start", "middle \ufeff BOM",
    "\x00NUL\x00", "\x01\x02\x1f\x7f\x80\x9f", "tab\tseparated\t\tvalues", "line1\nline2\r\nline3\rline4",
    " \t \n \r ", "\n\n\n\n", "        eight spaces", "a  b   c    d     e", "word\u0301",
    "𝕄𝕒𝕥𝕙 𝓈𝒸𝓇𝒾𝓅𝓉 𝟙𝟚𝟛", "𐍈𐌰𐌹", "𠀋𠂉𠮷", "\U0010ffff", "\ue000\uf8ff", "\ufffd", "\ufffe\uffff",
    "ﬀ ﬁ ﬂ ﬃ Ⅳ ㎏ ㍿ ①②③", "İıſK", "ǅ ǈ ǋ", "ᾳ ῼ", "ʰʲʷ ªº",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ab" * 40, "=" * 70, " " * 40, "\n" * 9, "_-" * 20, "1" * 33,
    "The quick brown fox jumps over the lazy dog. " * 3,
    "don’t won’t I’m", "rock'n'roll O'Brien 'quoted' ''double''", "'s't're've'm'll'd", "’s’t", "A's B'S c'D",
    "a/b\\c", "C++ C# F# .NET node.js", "$5.00 €10 £20 ¥30 ₹40 50% 60°", "x² + y³ = z⁴, √2 ≈ 1.414, ∑∫∂∇∞",
    "#hashtag @mention &amp; &lt;b&gt;", "<b>bold</b><br/><!-- c -->", "[link](url) **bold** _it_ `code`", "|a|b|\n|-|-|\n|1|2|",
    "2024-07-26T12:34:56Z", "+1 (555) 010-9999", "A.B.C. e.g. i.e. U.S.A.", "Dr. Müller-Lüdenscheidt", "n't 'n' n'",
    "\u0915\u094d\u0937\u093f", "क्षि त्र ज्ञ", "ၵႃႈ မြန်မာ", "ქართული", "Հայերեն", "ትግርኛ አማርኛ", "ᏣᎳᎩ", "ᠮᠣᠩᠭᠣᠯ",
    "mixed 中文 and English 混合 text", "日本語とEnglishの混在", "RTL עברית with LTR", "numbers 一二三 and 123",
    "end with newline\n", "\nstart with newline", " start space", "end space ", "\u3000全角空格", "double  space。 句",
    "▁▁ under ▁ score", "a▁b", "Ġ Ċ ĉ Ń", "Ġthe", "<0x0A>", "<0xE4><0xBD><0xA0>", "<unused1>", "[MASK] [CLS]",
]


def strings() -> list[str]:
    out = list(BASE)
    for special in SPECIALS:
        out += [special, f"a{special}b", f" {special} ", f"{special}\n{special}"]
    out += [f"<|im_start|>user\n{BASE[11]}<|im_end|>\n<|im_start|>assistant\n", "<start_of_turn>user\nHi<end_of_turn>\n", "<|im_start", "|im_end|>", "<s", "s>"]
    return out
