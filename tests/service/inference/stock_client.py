"""Runs every operation with the protocol's stock client, over each of its ways, and leaves what came in a folder.

A program of its own: tritonclient brings descriptors of the same names as ours, and one process holds one of them.

    python stock_client.py <http host:port> <grpc host:port> <folder with requests.npz>
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.grpc as over_grpc
import tritonclient.grpc.aio as over_grpc_aio
import tritonclient.http as over_http
import tritonclient.http.aio as over_http_aio
from tritonclient.grpc import model_config_pb2, service_pb2
from tritonclient.utils import np_to_triton_dtype

Arrays = dict[str, np.ndarray]
Ask = Callable[[str, Arrays, list[str]], Arrays]


def _build_tensors(module: Any, given: Arrays, **more: Any) -> list[Any]:
    tensors = []
    for name, array in given.items():
        sent = array.astype(object) if array.dtype.kind == "U" else array
        tensor = module.InferInput(name, list(sent.shape), np_to_triton_dtype(sent.dtype))
        tensor.set_data_from_numpy(sent, **more)
        tensors.append(tensor)
    return tensors


def _read_arrays(result: Any, names: list[str]) -> Arrays:
    arrays = {name: result.as_numpy(name) for name in names}
    said = {name: array for name, array in arrays.items() if array is not None}  # null is left out
    return {name: _read_texts(array) if array.dtype.kind in "OS" else array for name, array in said.items()}


def _read_texts(array: np.ndarray) -> np.ndarray:
    texts = [text.decode() if isinstance(text, bytes) else str(text) for text in array.ravel().tolist()]
    return np.array(texts, str).reshape(array.shape)


def _ask_http(client: Any, more: dict[str, Any], binary: bool, model: str, given: Arrays, outputs: list[str]) -> Arrays:
    wanted = [over_http.InferRequestedOutput(name, binary_data=binary) for name in outputs]
    tensors = _build_tensors(over_http, given, binary_data=binary)
    return _read_arrays(client.infer(model, tensors, outputs=wanted, **more), outputs)


def _ask_grpc(client: Any, more: dict[str, Any], model: str, given: Arrays, outputs: list[str]) -> Arrays:
    wanted = [over_grpc.InferRequestedOutput(name) for name in outputs]
    return _read_arrays(client.infer(model, _build_tensors(over_grpc, given), outputs=wanted, **more), outputs)


async def _ask_http_aio(address: str, model: str, given: Arrays, outputs: list[str]) -> Arrays:
    async with over_http_aio.InferenceServerClient(address) as client:
        wanted = [over_http_aio.InferRequestedOutput(name) for name in outputs]
        return _read_arrays(await client.infer(model, _build_tensors(over_http_aio, given), outputs=wanted), outputs)


async def _ask_grpc_aio(address: str, model: str, given: Arrays, outputs: list[str]) -> Arrays:
    async with over_grpc_aio.InferenceServerClient(address) as client:
        wanted = [over_grpc_aio.InferRequestedOutput(name) for name in outputs]
        return _read_arrays(await client.infer(model, _build_tensors(over_grpc_aio, given), outputs=wanted), outputs)


def list_ways(http: str, grpc: str) -> dict[str, Ask]:
    """How a stock client asks."""
    http_client, grpc_client = over_http.InferenceServerClient(http), over_grpc.InferenceServerClient(grpc)
    gzip = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
    deflate = {"request_compression_algorithm": "deflate", "response_compression_algorithm": "deflate"}
    return {
        "http": partial(_ask_http, http_client, {}, True),
        "http json": partial(_ask_http, http_client, {}, False),
        "http gzip": partial(_ask_http, http_client, gzip, True),
        "http deflate": partial(_ask_http, http_client, deflate, True),
        "http json gzip": partial(_ask_http, http_client, gzip, False),
        "http asyncio": lambda *asked: asyncio.run(_ask_http_aio(http, *asked)),
        "grpc": partial(_ask_grpc, grpc_client, {}),
        "grpc gzip": partial(_ask_grpc, grpc_client, {"compression_algorithm": "gzip"}),
        "grpc deflate": partial(_ask_grpc, grpc_client, {"compression_algorithm": "deflate"}),
        "grpc asyncio": lambda *asked: asyncio.run(_ask_grpc_aio(grpc, *asked)),
    }


def describe(client: Any, model: str, **more: Any) -> dict[str, Any]:
    """What a client is told of the server and of a model."""
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready(model),
        "another ready": client.is_model_ready("nobody.classify"),
        "another version ready": client.is_model_ready(model, "99"),
        "server": client.get_server_metadata(**more),
        "model": client.get_model_metadata(model, **more),
        "version": client.get_model_metadata(model, "1", **more),
        "config": client.get_model_config(model, **more),
        "statistics": client.get_inference_statistics(model, **more),
        "all statistics": client.get_inference_statistics(**more),
        "index": client.get_model_repository_index(**more),
    }


def main(http: str, grpc: str, folder: Path) -> None:
    """See the module."""
    asked = list_ways(http, grpc)
    requests = json.loads((folder / "requests.json").read_text())
    for operation, (model, outputs) in requests.items():
        with np.load(folder / f"{operation}.npz") as given:
            arrays = dict(given)
        for way, ask in asked.items():
            np.savez(folder / f"{operation} {way}.npz", allow_pickle=False, **ask(model, arrays, outputs))
    told = {
        "http": describe(over_http.InferenceServerClient(http), "sines.classify"),
        "grpc": describe(over_grpc.InferenceServerClient(grpc), "sines.classify", as_json=True),
    }
    (folder / "told.json").write_text(json.dumps(told))
    (folder / "configuration.bin").write_bytes(model_config_pb2.DESCRIPTOR.serialized_pb)
    (folder / "published.bin").write_bytes(service_pb2.DESCRIPTOR.serialized_pb)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
