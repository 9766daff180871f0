"""Every parser of bytes that strangers send, fed with what is nearly right: it answers or refuses, and nothing else."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import zstandard
from google.protobuf.message import DecodeError

from bundle.errors import SeriesmithError
from service.bounds import Bounds
from service.canonical import parse_numbers
from service.grpc.messages import parse_message
from service.grpc.scanning import scan
from service.http.codings import unpack_at_once
from service.http.http1.head import Head
from service.http.http1.reader import Reader
from service.inference.bodies import read_request
from service.named_arrays import parse_codes_as
from service.proto import open_inference_pb2 as inference
from service.proto import seriesmith_pb2 as typed
from service.wires import arrow, json_text, octets
from tests.service.bad_input import build_tensors, write_arrow_stream

BOUNDS = Bounds(rows=2000, values=300_000, elements=70_000, case_bytes=2**20)
LIMIT = 2**20
SERIES = np.linspace(-1, 1, 6000, dtype="<f4").reshape(50, 2, 60)

Target = tuple[Callable[[bytes], object], list[bytes]]


def _read_octets(body: bytes) -> object:
    shape, _, rest = body.partition(b"\n")
    return octets.decode_octets(rest, {b"seriesmith-shape": shape}, BOUNDS)


def _read_listed(body: bytes) -> object:
    listed, _, rest = body.partition(b"\n")
    fields = octets.decode_octets(rest, {b"seriesmith-arrays": listed}, BOUNDS)
    return parse_codes_as("latent")(fields.get("latent")) if isinstance(fields, dict) else None


def _read_binary(body: bytes) -> object:
    length, _, rest = body.partition(b"\n")
    return read_request(rest, length, BOUNDS)


def _read_message(body: bytes) -> object:
    """As the parser does, which must agree with the scan on what can be read at all."""
    scan(body, typed.AugmentRequest.DESCRIPTOR, BOUNDS)
    return parse_message(typed.AugmentRequest, body, BOUNDS)


def _read_inference(body: bytes) -> object:
    scan(body, inference.ModelInferRequest.DESCRIPTOR, BOUNDS)
    try:
        return inference.ModelInferRequest.FromString(body)
    except DecodeError:
        return None


def _read_requests(sent: bytes) -> object:
    """In pieces, as a network may deliver them."""
    dice = random.Random(len(sent))
    reader, events, place = Reader(), [], 0
    while place < len(sent):
        size = dice.choice((1, 7, 100, 10_000))
        reader.feed(sent[place : place + size])
        place += size
        while (event := reader.read_event()) is not None:
            body = reader.take_body() if isinstance(event, Head) else None
            events.append(event if body is None else body)
    return events


def _list_requests() -> list[bytes]:
    """Requests of HTTP/1.1, one after the other."""
    head = b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    chunked = (
        head
        + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\n12345\r\n1a\r\n"
        + b"x" * 26
        + b"\r\n0\r\nTrailer: yes\r\n\r\n"
    )
    plain = head + b"Content-Length: 9\r\n\r\n123456789"
    short = b"GET /models?a=%20b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    return [plain + chunked + short, chunked + b"\r\n" + plain, short + plain]


def _write_binary() -> bytes:
    tensor = {"name": "series", "datatype": "FP32", "shape": [50, 2, 60], "parameters": {"binary_data_size": 24_000}}
    head = json.dumps({"inputs": [tensor], "outputs": [{"name": "x"}]}).encode()
    return b"%d\n" % len(head) + head + SERIES.tobytes()


def list_targets() -> dict[str, Target]:
    """Parsers, and what each is to be nearly given."""
    import pyarrow as pa

    large = json.dumps({"model": "x", "series": SERIES.tolist(), "labels": ["a"] * 50}).encode()
    series = build_tensors(pa.float32(), pa.array(SERIES.reshape(-1)), (2, 60))
    label = pa.array(["a", "b"] * 25)
    array = typed.Array(shape=SERIES.shape, values=SERIES.tobytes())
    augment = typed.AugmentRequest(model="x", series=array, labels=typed.Labels(text=["a"] * 50), policy="auto")
    contents = inference.InferTensorContents(fp32_contents=[0.5] * 9)
    tensor = inference.ModelInferRequest.InferInputTensor(name="x", datatype="FP32", shape=[9], contents=contents)
    infer = inference.ModelInferRequest(model_name="x", inputs=[tensor] * 3, raw_input_contents=[b"abc"])
    plain = b"some text, again and again " * 300
    return {
        "json": (lambda body: _use(json_text.decode_json(body, {}, BOUNDS)), [large]),
        "octets": (_read_octets, [b"50,2,60\n" + SERIES.tobytes() + b'{"model": "x"}']),
        "listed octets": (
            _read_listed,
            [b'[["latent","<f4",[50,9]],["start_series","<f4",[3,2,60]]]\n' + SERIES.tobytes()[:3240] + b'{"k": 1}'],
        ),
        "arrow": (
            lambda body: arrow.decode_arrow(body, {}, BOUNDS),
            [
                write_arrow_stream([("series", series), ("labels", label)]),
                write_arrow_stream(
                    [("series", pa.array(SERIES[:5].tolist())), ("labels", label[:5].dictionary_encode())]
                ),
            ],
        ),
        "binary tensors": (_read_binary, [_write_binary()]),
        "HTTP/1 requests": (_read_requests, _list_requests()),
        "typed messages": (_read_message, [augment.SerializeToString()]),
        "inference messages": (_read_inference, [infer.SerializeToString()]),
        "gzip": (lambda body: unpack_at_once(body, b"gzip", LIMIT), [gzip.compress(plain), gzip.compress(b"a") * 9]),
        "deflate": (lambda body: unpack_at_once(body, b"deflate", LIMIT), [zlib.compress(plain)]),
        "zstd": (
            lambda body: unpack_at_once(body, b"zstd", LIMIT),
            [zstandard.compress(plain), zstandard.compress(b"a") * 9],
        ),
    }


def _use(fields: Any) -> object:
    return parse_numbers(fields.get("series")) if isinstance(fields, dict) else None


def mutate(body: bytes, dice: random.Random) -> bytes:
    """A body with a few bytes changed, cut out, put in twice or moved; often near its ends, where its structure is."""
    changed = bytearray(body)
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        place = dice.randrange(max(1, min(len(changed), dice.choice((64, 600, 10**9)))))
        place = place if dice.random() < 0.7 else max(0, len(changed) - 1 - place)
        size = dice.choice((1, 1, 2, 4, 8, 64, 1000))
        kind = dice.randrange(6)
        if kind == 0 and changed:
            changed[place : place + 1] = bytes([dice.randrange(256)])
        elif kind == 1 and changed:
            changed[place : place + 1] = bytes([changed[min(place, len(changed) - 1)] ^ 1 << dice.randrange(8)])
        elif kind == 2:
            del changed[place : place + size]
        elif kind == 3:
            changed[place:place] = changed[place : place + size]
        elif kind == 4:
            changed[place : place + size] = dice.choice((b"\xff", b"\x00", b"\x80", b"[", b'"', b"9")) * size
        else:
            del changed[place:]
    return bytes(changed)


def fuzz(name: str, target: Target, seed: int, runs: int) -> None:
    """Feed a parser `runs` times. Fails with the body, where it raises what is no refusal."""
    read, bodies = target
    dice = random.Random(f"{name} {seed}")
    for run in range(runs):
        body = mutate(dice.choice(bodies), dice)
        try:
            read(body)
        except SeriesmithError as error:
            if error.http_status == 500 or len(error.message) >= 2000:
                raise AssertionError(f"{name}, seed {seed}, run {run}: {error.message[:500]}") from error
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}, run {run}: {error!r} of {body[:300]!r}") from error
