"""Training cases in a sketch that tells of many cases at once whether they were among them, of one next to nothing.

Each case's hash chooses one of `N_BITS` bits. The bits that training cases chose are 1, and then each bit is turned
over with probability 1/3: randomised response (Warner, 1965) over a Bloom filter of one hash (Alaggan, Gambs &
Kermarrec, 2012). So whatever is asked of a sketch, by whomever, however often, no answer about one case is more than
twice as likely if it was a training case as if it was not: differential privacy of ln 2 for each case and sketch. Of
forty training cases the mean bit lies four standard deviations away from that of forty others.

What turns bits over is keyed by a hash of all the cases together. Fits of the same cases have the same sketch, so that
several of them tell no more than one; who has the whole training set could undo it, and would learn nothing.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bundle.strict import Positive, Strict

N_BITS = 2**15
KEPT = 2 / 3
"""The chance that a bit stays as it is."""

SURE = 2.5
"""Standard deviations above what cases that were not trained on would show: by chance once in 160 times."""

Bits = NDArray[np.bool_]


class Sketch(Strict):
    """`n_cases` different training cases; the `salt` of their hashes, hexadecimal; the `bits`, base64 of 4096 bytes."""

    n_cases: Positive
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    bits: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{5462}==$")]


@dataclass(frozen=True)
class Overlap:
    """Which share of some cases, 0 … 1, a sketch's training cases make up, and the interval of 95 % around it.

    `partial`: the cases were certainly trained on in part or whole, and so were others that are not among them.
    """

    share: float
    low: float
    high: float
    partial: bool


def build_sketch(series: NDArray[np.float32]) -> Sketch:
    """Build the sketch of training cases `[n_cases, n_channels, n_timepoints]`, in original units, on the grid."""
    hashes = sorted({hashlib.blake2b(case.tobytes()).digest() for case in _canonicalise(series)})
    whole = hashlib.blake2b(b"".join(hashes)).digest()
    salt = hashlib.blake2b(whole, digest_size=16, person=b"salt").digest()
    bits = np.zeros(N_BITS, np.bool_)
    bits[_find_places(series, salt)] = True
    stream = hashlib.shake_256(b"noise" + whole).digest(4 * N_BITS)
    bits ^= np.frombuffer(stream, "<u4") < (1 - KEPT) * 2**32
    return Sketch(n_cases=len(hashes), salt=salt.hex(), bits=base64.b64encode(np.packbits(bits).tobytes()).decode())


def estimate_overlap(sketch: Sketch, series: NDArray[np.float32]) -> Overlap:
    """Estimate how many of the cases `[n_cases, n_channels, n_timepoints]` a sketch is of; equal cases count once."""
    bits, others = _read_bits(sketch.bits)
    places = _find_places(series, bytes.fromhex(sketch.salt))
    found = float(bits[places].mean())
    reach = max(KEPT - others, np.finfo(float).tiny)
    share = (found - others) / reach
    deviation = float(np.sqrt(max(found * (1 - found), others * (1 - others)) / len(places))) / reach
    known = share > SURE * np.sqrt(others * (1 - others) / len(places)) / reach
    more = len(places) < sketch.n_cases or (share + SURE * deviation) * len(places) < sketch.n_cases
    low, high = np.clip([share - 1.96 * deviation, share + 1.96 * deviation], 0.0, 1.0).tolist()
    return Overlap(min(max(share, 0.0), 1.0), low, high, bool(known and more))


@lru_cache(16)
def _read_bits(encoded: str) -> tuple[Bits, float]:
    """Return the bits, and their mean, which is that of the bits of cases that were not trained on."""
    bits = np.unpackbits(np.frombuffer(base64.b64decode(encoded), np.uint8)).astype(np.bool_)
    return bits, float(bits.mean())


def _canonicalise(series: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the series as little-endian float32 without a negative zero, so that equal cases have equal bytes."""
    return np.ascontiguousarray(series + np.float32(0.0), "<f4")


def _find_places(series: NDArray[np.float32], salt: bytes) -> NDArray[np.int64]:
    """Find the bit that each different case chooses."""
    hashes = {hashlib.blake2b(case.tobytes(), digest_size=8, salt=salt).digest() for case in _canonicalise(series)}
    return np.array([int.from_bytes(one, "little") % N_BITS for one in sorted(hashes)], np.int64)
