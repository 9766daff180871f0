"""Loading and unloading answer with what came of it, and what one bundle does is its own affair."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bundle.engine.bundle import Bundle
from bundle.errors import NotFound, Unsupported
from bundle.signing import sign, write_key_pair
from service.serving import Serving
from service.settings import Settings
from tests.bundle.breaking import change_graph, change_manifest, copy_bundle, loop_for_ever
from tests.bundle.test_publishing_faults import mount_disk


def serve(root: Path, act: Callable[[Serving], Awaitable[None]], **settings: Any) -> None:
    """Start serving a repository in this process, act, and stop."""

    async def main() -> None:
        serving = Serving(Settings(models=root, device="cpu", threads=1, **settings))
        await serving.start()
        try:
            await act(serving)
        finally:
            await serving.stop()

    asyncio.run(main())


@pytest.mark.parametrize("patience", [60.0, 0.0], ids=["at once", "after a while"])
def test_loading_reads_again_and_says_what_is_wrong_and_what_is_served_goes_on(
    patience: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("service.serving.PATIENCE_SECONDS", patience)
    directory = copy_bundle(tmp_path)
    whole = (directory / "decoder.onnx").read_bytes()

    async def act(serving: Serving) -> None:
        first = serving.resolve("basicmotions")
        await serving.load("basicmotions")
        second = serving.resolve("basicmotions")
        assert second is not first
        (directory / "decoder.onnx").write_bytes(b"broken")
        for _ in range(2):
            with pytest.raises(Unsupported, match=r"version 1 is refused: decoder.onnx .* goes on being served"):
                await serving.load("basicmotions")
        assert serving.resolve("basicmotions") is second
        (directory / "decoder.onnx").write_bytes(whole)
        await serving.load("basicmotions")
        assert not serving.repository.refused and serving.resolve("basicmotions") is not second
        with pytest.raises(NotFound, match="there is no bundle"):
            await serving.load("absent")

    serve(tmp_path, act, refresh_seconds=600.0)


def test_a_newer_version_that_is_refused_fails_the_load_and_the_older_goes_on(tmp_path: Path):
    copy_bundle(tmp_path)

    async def act(serving: Serving) -> None:
        change_manifest(copy_bundle(tmp_path, version=2), lambda raw: raw | {"surprise": 1})
        with pytest.raises(Unsupported, match="version 2 is refused: .*surprise.* Version 1 goes on"):
            await serving.load("basicmotions")
        assert serving.repository.list_versions("basicmotions") == [1]

    serve(tmp_path, act, refresh_seconds=600.0)


def test_unloading_outlives_a_restart_until_it_is_loaded_again(tmp_path: Path):
    copy_bundle(tmp_path)
    copy_bundle(tmp_path, "other")

    async def unload(serving: Serving) -> None:
        await serving.unload("basicmotions")
        assert serving.repository.names == ["other"]

    async def load(serving: Serving) -> None:
        assert serving.repository.names == ["other"]
        await serving.load("basicmotions")
        assert serving.repository.names == ["basicmotions", "other"]

    serve(tmp_path, unload)
    serve(tmp_path, load)


def test_on_a_read_only_disk_what_is_served_loads_and_nothing_unloads(tmp_path: Path):
    async def act(serving: Serving) -> None:
        await serving.load("basicmotions")
        with pytest.raises(Unsupported, match="Read-only"):
            await serving.unload("basicmotions")
        assert serving.repository.names == ["basicmotions"]

    with mount_disk(tmp_path / "disk", "4m") as disk:
        copy_bundle(disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        serve(disk, act)


def test_a_bundle_that_never_loads_is_refused_at_start_and_the_others_are_served(tmp_path: Path):
    change_graph(copy_bundle(tmp_path, "endless"), "decoder.onnx", loop_for_ever)
    copy_bundle(tmp_path)

    async def act(serving: Serving) -> None:
        assert serving.ready and serving.repository.names == ["basicmotions"]
        assert "not loaded within 2 s" in serving.repository.refused["endless", 1].reason
        with pytest.raises(Unsupported, match="not loaded within"):
            await serving.load("endless")

    serve(tmp_path, act, load_seconds=2.0)


def test_a_load_under_way_does_not_hold_up_the_end(tmp_path: Path):
    copy_bundle(tmp_path)

    async def act(serving: Serving) -> None:
        change_graph(copy_bundle(tmp_path, "endless"), "decoder.onnx", loop_for_ever)
        await serving.refresh()
        assert serving.repository.pending == {("endless", 1)}

    serve(tmp_path, act, load_seconds=600.0, refresh_seconds=600.0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loading endless")]


def test_a_caller_who_leaves_does_not_end_the_refresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    copy_bundle(tmp_path)
    started, go, real = threading.Event(), threading.Event(), Bundle.warm_up

    def slow(bundle: Bundle) -> None:
        if bundle.manifest.name == "slow":
            started.set()
            go.wait(30)
        real(bundle)

    async def act(serving: Serving) -> None:
        monkeypatch.setattr(Bundle, "warm_up", slow)
        copy_bundle(tmp_path, "slow")
        leaving = asyncio.create_task(serving.refresh())
        await asyncio.to_thread(started.wait, 30)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        go.set()
        await serving.load("slow")
        assert serving.repository.names == ["basicmotions", "slow"]

    serve(tmp_path, act, refresh_seconds=600.0)


def test_a_repository_that_is_gone_is_logged_once_and_what_was_served_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    root, looks = tmp_path / "models", 0
    copy_bundle(root)

    async def act(serving: Serving) -> None:
        nonlocal looks
        real = serving.refresh

        async def counted(again: str | None = None) -> None:
            nonlocal looks
            looks += 1
            await real(again)

        monkeypatch.setattr(serving, "refresh", counted)

        async def look(times: int) -> None:
            until = looks + times
            while looks < until:
                await asyncio.sleep(0.01)

        before = serving.resolve("basicmotions")
        root.rename(tmp_path / "aside")
        await look(10)
        assert serving.ready and serving.resolve("basicmotions") is before
        (tmp_path / "aside").rename(root)
        await look(3)
        assert serving.ready and not serving.repository.refused

    with caplog.at_level(logging.INFO, "bentoml.seriesmith"):
        serve(root, act, refresh_seconds=0.02)
    lines = [record.message for record in caplog.records if "model repository" in record.message]
    assert ["cannot be read" in line for line in lines] == [True, False], lines


def test_only_what_a_trusted_key_signed_is_served_where_keys_are_given(tmp_path: Path):
    root, key = tmp_path / "models", tmp_path / "key.pem"
    public = write_key_pair(key)
    sign(key, copy_bundle(root, "signed"))
    unsigned = copy_bundle(root, "unsigned")

    async def act(serving: Serving) -> None:
        assert serving.repository.names == ["signed"]
        assert "is not signed" in serving.repository.refused["unsigned", 1].reason
        sign(key, unsigned)
        await serving.refresh()
        assert serving.repository.names == ["signed", "unsigned"]

    serve(root, act, trusted_keys=str(public), refresh_seconds=600.0)
