"""Steady load over every wire: each client knows its own answers, and what became of each of its requests."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import numpy as np

from bundle.engine.bundle import Bundle
from service.proto import open_inference_pb2
from tests.reliability.ledger import Ledger
from tests.service.grpc.conversation import build_request, connect, read_plain
from tests.service.inference.conversation import build_binary, build_tensor, infer, read_outputs
from tests.service.server import Server, wait_until
from tests.service.stubs import GRPCInferenceServiceStub, SeriesmithStub
from tests.service.wires import ARROW, OCTETS, read_arrow, read_octets, write_arrow, write_octets

MODEL = "sines"
TOLERANCE = 1e-5

Ask = Callable[[np.ndarray], np.ndarray]
"""Series `[n, n_channels, n_timepoints]` in, class probabilities `[n, n_classes]` out."""


@dataclass(frozen=True)
class Payloads:
    """Series `[n_cases, n_channels, n_timepoints]` and the probabilities of each, computed alone."""

    series: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def make(cls, bundle: Bundle, series: np.ndarray) -> Payloads:
        """With the answers of the bundle itself."""
        return cls(series, np.concatenate([bundle.classify(series[i : i + 1]) for i in range(len(series))]))


class Refused(Exception):
    """The server said no, or nobody listened: the request was not begun."""


class Lost(Exception):
    """The request was sent, and no answer came."""


def _ask_over_json(server: Server) -> Ask:
    return lambda series: np.array(
        _require_good(server.post("classify", model=MODEL, series=series)).json()["probabilities"]
    )


def _ask_over_octets(server: Server) -> Ask:
    def ask(series: np.ndarray) -> np.ndarray:
        content, headers = write_octets({"model": MODEL, "series": series})
        response = _require_good(server.send("classify", content, **headers, accept=OCTETS))
        return np.array(read_octets(response)["probabilities"])

    return ask


def _ask_over_arrow(server: Server) -> Ask:
    def ask(series: np.ndarray) -> np.ndarray:
        content = write_arrow({"model": MODEL, "series": series})
        response = _require_good(server.send("classify", content, content_type=ARROW))
        return np.array(read_arrow(response.content)["probabilities"])

    return ask


def _ask_over_v2_json(server: Server) -> Ask:
    def ask(series: np.ndarray) -> np.ndarray:
        response = _require_good(infer(server, f"{MODEL}.classify", build_tensor("series", series, "FP32")))
        return read_outputs(response)["probabilities"]

    return ask


def _ask_over_v2_binary(server: Server) -> Ask:
    def ask(series: np.ndarray) -> np.ndarray:
        response = _require_good(
            infer(server, f"{MODEL}.classify", build_binary("series", series), parameters={"binary_data_output": True})
        )
        return read_outputs(response)["probabilities"]

    return ask


HTTP: dict[str, Callable[[Server], Ask]] = {
    "json": _ask_over_json,
    "octets": _ask_over_octets,
    "arrow": _ask_over_arrow,
    "v2 json": _ask_over_v2_json,
    "v2 binary": _ask_over_v2_binary,
}


def _ask_over_typed_grpc(channel: grpc.Channel) -> Ask:
    stub = SeriesmithStub(channel)

    def ask(series: np.ndarray) -> np.ndarray:
        answer = stub.Classify(build_request("classify", model=MODEL, series=series), timeout=30)
        return np.array(read_plain(answer)["probabilities"])

    return ask


def _ask_over_v2_grpc(channel: grpc.Channel) -> Ask:
    stub = GRPCInferenceServiceStub(channel)

    def ask(series: np.ndarray) -> np.ndarray:
        request = open_inference_pb2.ModelInferRequest(model_name=f"{MODEL}.classify")
        request.inputs.add(name="series", datatype="FP32", shape=series.shape)
        request.raw_input_contents.append(series.astype("<f4").tobytes())
        answer = stub.ModelInfer(request, timeout=30)
        position = [output.name for output in answer.outputs].index("probabilities")
        shape = tuple(answer.outputs[position].shape)
        return np.frombuffer(answer.raw_output_contents[position], "<f4").reshape(shape)

    return ask


GRPC: dict[str, Callable[[grpc.Channel], Ask]] = {"grpc": _ask_over_typed_grpc, "v2 grpc": _ask_over_v2_grpc}
WIRES = [*HTTP, *GRPC]


@contextmanager
def open_client(server: Server, wire: str) -> Iterator[Ask]:
    """A client with a connection of its own, which says `Refused` or `Lost` where there is no answer."""
    if wire in HTTP:
        own = Server(server.url, dict(server.http.headers))
        try:
            yield _translate(HTTP[wire](own))
        finally:
            own.http.close()
    else:
        with connect(server) as channel:
            yield _translate(GRPC[wire](channel))


@contextmanager
def open_clients(servers: Sequence[Server], wire: str) -> Iterator[Ask]:
    """A client that asks servers in turn, and the next one where one refuses: `Refused` once all have."""
    with ExitStack() as stack:
        asks = [stack.enter_context(open_client(server, wire)) for server in servers]
        numbers = itertools.count()

        def ask(series: np.ndarray) -> np.ndarray:
            first = next(numbers)
            for place in range(first, first + len(asks) - 1):
                try:
                    return asks[place % len(asks)](series)
                except Refused:
                    continue
            return asks[(first - 1) % len(asks)](series)

        yield ask


def _translate(ask: Ask) -> Ask:
    def translated(series: np.ndarray) -> np.ndarray:
        try:
            return ask(series)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Refused(repr(error)) from error
        except httpx.TransportError as error:
            raise Lost(repr(error)) from error
        except grpc.RpcError as error:
            raise _read_ending(error) from error

    return translated


def _read_ending(error: Any) -> Exception:
    code, details = error.code(), error.details() or ""
    trailers = {key for key, _ in error.trailing_metadata() or ()}
    if "seriesmith-code" in trailers and code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        return Refused(details)
    if code == grpc.StatusCode.UNAVAILABLE and "failed to connect" in details.lower():
        return Refused(details)
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        return Lost(f"{code.name}: {details}")
    return AssertionError(f"{code.name}: {details}")


def _require_good(response: httpx.Response) -> httpx.Response:
    if response.status_code in (429, 503):
        assert int(response.headers["retry-after"]) >= 1, "a refusal says when to come again"
        raise Refused(response.text)
    assert response.status_code == 200, f"{response.status_code}: {response.text[:200]}"
    return response


def ask_once(ask: Ask, payloads: Payloads, index: int, ledger: Ledger, wire: str) -> None:
    """Send one of the payloads, and account for what comes of it."""
    series, expected = payloads.series[index : index + 1], payloads.probabilities[index : index + 1]
    try:
        found = ask(series)
    except Refused:
        ledger.count("refused")
    except Lost as error:
        ledger.count("lost", f"{wire}: {error}")
    except Exception as error:
        ledger.count("wrong", f"{wire}: {error!r}")
    else:
        right = found.shape == expected.shape and float(np.abs(found - expected).max()) < TOLERANCE
        ledger.count("right" if right else "wrong", f"{wire}: another answer")


@contextmanager
def load_steadily(
    server: Server | Sequence[Server],
    payloads: Payloads,
    ledger: Ledger,
    wires: list[str] = WIRES,
    each: int = 1,
    pause: float = 0.01,
) -> Iterator[None]:
    """`each` clients per wire send payloads in turn, `pause` seconds apart, while the block lasts."""
    servers = [server] if isinstance(server, Server) else server
    done = threading.Event()

    def run(wire: str, offset: int) -> None:
        with open_clients(servers, wire) as ask:
            index = offset
            while not done.is_set():
                ask_once(ask, payloads, index % len(payloads.series), ledger, wire)
                index += 1
                time.sleep(pause)

    threads = [
        threading.Thread(target=run, args=(wire, 37 * number + place), name=f"load {wire}")
        for place, wire in enumerate(wires)
        for number in range(each)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a client never heard of its request"


def wait_for_answers(ledger: Ledger, count: int) -> None:
    """Return when so many requests more have been accounted for."""
    target = ledger.tried + count
    wait_until(lambda: ledger.tried >= target, seconds=60, what=f"{count} more requests")


def is_answered(server: Server, payloads: Payloads) -> bool:
    """Whether one request over a new connection is answered 200."""
    own = Server(server.url)
    try:
        return own.post("classify", model="sines", series=payloads.series[:1]).status_code == 200
    except httpx.TransportError:
        return False
    finally:
        own.http.close()
