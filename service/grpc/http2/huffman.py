"""The Huffman code of RFC 7541, appendix B, decoded.

The code is canonical: symbols are numbered in the order of their codes' lengths, then of their values, so that the
lengths say all.
"""

from __future__ import annotations

_LENGTHS = [int(digit, 36) for digit in (
    "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca"
    "d67777777777777777777777878djde6f56565666577666567655677777fbeds"
    "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn"
    "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq"
)]  # fmt: skip
"""Of the code of each byte, in bits."""


def _codes() -> dict[str, int]:
    codes, code, length = {}, 0, 0
    for symbol in sorted(range(256), key=lambda symbol: (_LENGTHS[symbol], symbol)):
        code <<= _LENGTHS[symbol] - length
        length = _LENGTHS[symbol]
        codes[f"{code:0{length}b}"] = symbol
        code += 1
    return codes


_CODES = _codes()
_SIZES = sorted(set(_LENGTHS))


def decoded(data: bytes) -> bytes:
    """The text that `data` encodes. Raises `ValueError`."""
    bits = bin(int.from_bytes(b"\x01" + data))[3:]
    text, start = bytearray(), 0
    while start < len(bits):
        for size in _SIZES:
            symbol = _CODES.get(bits[start : start + size])
            if symbol is not None:
                break
        else:
            if len(bits) - start > 7 or "0" in bits[start:]:
                raise ValueError("a text ends within a Huffman code")
            break
        text.append(symbol)
        start += size
    return bytes(text)
