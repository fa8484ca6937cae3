"""Writes texts.txt and expected.txt: the requests of `capsock demo`, and their replies.

The replies are those of CPython's str.upper(), which shares no code with capsock. The texts
have only characters whose upper case is the same in every version of Unicode in use.

Run it in this folder: python3 make_texts.py
"""

from pathlib import Path

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, 0123456789 times!",
    "Die Straße ist groß und heißt Fußgängerstraße.",
    "ὦ ξεῖν’, ἀγγέλλειν Λακεδαιμονίοις ὅτι τῇδε κείμεθα· ο Οδυσσεύς και ο Σίσυφος",
    "'n Mens skryf ŉ boek: ŉ mens, ﬁn, ǰ, ΐ, և, ﬀ",
    "a rocket 🚀, a family 👨‍👩‍👧‍👦, a flag 🇬🇷 and thumbs 👍🏽 up",
    "",
    "İstanbul ve ılık, Dž dž ǆ, привет мир, ողջույն, გამარჯობა, שלום, 你好",
]


def line_of(length: int, parts: list[str]) -> str:
    """Repeats the text to this number of characters."""
    text = " ".join(parts)
    return (text * (length // len(text) + 1))[:length]


texts = [
    *SENTENCES,
    line_of(10_000, [sentence for sentence in SENTENCES if sentence]),
    # More than the 65,507 bytes that fit a datagram.
    line_of(70_000, ["a line that is too long for a datagram"]),
]
folder = Path(__file__).parent
for name, lines in [("texts.txt", texts), ("expected.txt", [text.upper() for text in texts])]:
    (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
