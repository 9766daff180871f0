"""/classify while two people use the studio: `python -m loadtest.beside` [--rounds 3 --seconds 10 --rate 300
--users 2 --fits 2].

Requests of one series arrive at a fixed rate, alone and then while two users upload files and two fits run, by turns.
The table has the 50th and 99th percentiles of every round, and the median over the rounds of the ratio of both.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np

from loadtest.cells import build_client_command, prepare, run_client
from loadtest.ours import WIRES, describe_ours
from loadtest.payloads import make_series
from loadtest.peers.graph import ROOT, open_classifier
from loadtest.server import Running, run_server

USERS, CLIENTS, PAUSE_SECONDS = 2, 32, 0.2
FIT = {"vae.steps": 100_000}
"""Longer than any round; the fit is cancelled at its end."""


def measure(given: argparse.Namespace) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Percentiles in ms of each round, alone and beside the users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "models", folder / "models")
        own = {"SERIESMITH_MODELS": str(folder / "models"), "SERIESMITH_STUDIO_FITS": str(USERS)}
        ours = describe_ours(wires=WIRES[:1])
        data = make_series()
        with run_server(replace(ours, environment={**ours.environment, **own}), Path(sys.executable).parent) as running:
            ready = prepare(running, ours.wires[0], data, open_classifier()(data), folder)
            load = {"clients": CLIENTS, "seconds": given.seconds, "warm_up": 1.0, "rate": given.rate}
            command = build_client_command(
                "loadtest.clients.http_loop", port=running.http, requests=ready.requests, **load
            )
            upload = write_csv(given.rows)
            measured = []
            for _ in range(given.rounds):
                alone = run_client(command)
                with use_studio(running, upload, given.users, given.fits):
                    measured.append((alone, run_client(command)))
            return measured


def write_csv(rows: int) -> bytes:
    """A wide table of two classes."""
    series = make_series(rows)[:, 0]
    head = ",".join(["label", *(f"t{time}" for time in range(series.shape[1]))])
    lines = (f"{index % 2}," + ",".join(map("{:.5f}".format, values)) for index, values in enumerate(series))
    return "\n".join([head, *lines, ""]).encode()


@contextmanager
def use_studio(running: Running, upload: bytes, n_users: int, n_fits: int) -> Iterator[None]:
    """Users upload a file, have it read and keep it, over and over, each with a fit that runs meanwhile."""
    stop, failures = threading.Event(), list[BaseException]()
    fits = [_start_fit(running, f"user{user}") for user in range(n_fits)]
    threads = [threading.Thread(target=_upload, args=(running, upload, stop, failures)) for _ in range(n_users)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        with _connect(running) as http:
            for fit in fits:
                http.post(f"/fits/{fit}/cancel").raise_for_status()
            while any(http.get(f"/fits/{fit}").json()["state"] == "running" for fit in fits):
                time.sleep(PAUSE_SECONDS)
    if failures:
        raise failures[0]


def _connect(running: Running) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{running.http}", timeout=120, trust_env=False)


def _start_fit(running: Running, name: str) -> str:
    with _connect(running) as http:
        made = (
            http.post("/datasets", json={"generator": "sines", "options": {}, "name": name}).raise_for_status().json()
        )
        asked = {"dataset": made["id"], "name": name, "options": FIT}
        fit: str = http.post("/fits", json=asked).raise_for_status().json()["id"]
        while http.get(f"/fits/{fit}").json()["state"] == "queued":
            time.sleep(PAUSE_SECONDS)
        return fit


def _upload(running: Running, upload: bytes, stop: threading.Event, failures: list[BaseException]) -> None:
    octets = {"content-type": "application/octet-stream"}
    try:
        with _connect(running) as http:
            while not stop.is_set():
                came = (
                    http.post("/uploads?filename=walks.csv", content=upload, headers=octets).raise_for_status().json()
                )
                asked = {"upload": came["id"], "settings": came["settings"], "name": "walks"}
                kept = http.post("/datasets", json=asked).raise_for_status().json()
                http.delete(f"/datasets/{kept['id']}").raise_for_status()
    except BaseException as error:
        failures.append(error)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=300.0, help="requests per second")
    parser.add_argument("--users", type=int, default=USERS, help="users who upload, over and over")
    parser.add_argument("--fits", type=int, default=USERS, help="fits that run")
    parser.add_argument("--rows", type=int, default=2000, help="series of an upload")
    given = parser.parse_args()
    measured = measure(given)
    print("| round | alone p50 | p99 | beside p50 | p99 |\n|---|---|---|---|---|")
    for number, (alone, beside) in enumerate(measured):
        cells = [one[part] for one in (alone, beside) for part in ("p50_ms", "p99_ms")]
        print(f"| {number} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    ratios = [beside["p99_ms"] / alone["p99_ms"] for alone, beside in measured]
    print(f"\np99 beside over alone: {statistics.median(ratios):.2f} (each: {np.round(ratios, 2).tolist()})")


if __name__ == "__main__":
    main()
