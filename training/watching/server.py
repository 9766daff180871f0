"""Serves the page of a fit on loopback, to whoever has the address that the fit prints."""

from __future__ import annotations

import errno
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson

from training.settings import ConfigurationError
from training.watching.recording import Json, Recording

HOST = "127.0.0.1"
TEMPLATE = Path(__file__).with_name("live.html")

PATIENCE_SECONDS = 3.0
"""For a page that is looked at to fetch what it shows when the fit has ended."""

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:"


class PageServer:
    """The page of `recording` at `address`, whose random part keeps out other users and other pages of a browser."""

    def __init__(self, recording: Recording, port: int) -> None:
        """Serve on `port`; 0: a free one. Raises `ConfigurationError` where another program has it."""
        self.recording = recording
        self.key = secrets.token_urlsafe(9)
        self.last_asked = 0.0
        self.all_fetched = threading.Event()
        try:
            self._server = _Server((HOST, port), _Handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise ConfigurationError(
                f"--live-port is {port}, which cannot be served on ({error.strerror}); give another, or leave it out "
                "for a free one."
            ) from error
        self._server.page = self
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return f"http://{HOST}:{self._server.server_port}/{self.key}/"

    def close(self) -> None:
        """End, after a page that is looked at has fetched the recording's last state."""
        if time.monotonic() - self.last_asked < PATIENCE_SECONDS:
            self.all_fetched.wait(PATIENCE_SECONDS)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def render_page(data: Json) -> str:
    """The page with its data: `subject`, `state`, and `looks`, None where it is to fetch them one by one."""
    text = orjson.dumps(data).decode().replace("<", "\\u003c")  # a label may say </script>
    return TEMPLATE.read_text(encoding="utf-8").replace("{{ data }}", text)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page: PageServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        page, url = self.server.page, urlsplit(self.path)
        _, key, *path = url.path.split("/")
        if not secrets.compare_digest(key.encode(), page.key.encode()):
            return self._answer(404, "text/plain", b"The address that the fit printed has a key; it is not this one.")
        page.last_asked = time.monotonic()
        match path:
            case [""]:
                data = {"subject": page.recording.describe_subject(), "state": page.recording.describe_state()}
                return self._answer(200, "text/html; charset=utf-8", render_page({**data, "looks": None}).encode())
            case ["state"]:
                return self._answer_state(parse_qs(url.query).get("after", [""])[0])
            case ["looks", number] if number.isdecimal() and int(number) < len(page.recording.looks):
                return self._answer_json(page.recording.describe_look(int(number)))
            case ["all"]:
                self._answer_json(page.recording.describe_all())
                if page.recording.has_ended:
                    page.all_fetched.set()
                return None
        return self._answer(404, "text/plain", b"There is no such thing here.")

    def _answer_state(self, after: str) -> None:
        """The state, or that nothing is new since revision `after`."""
        recording = self.server.page.recording
        if after == str(recording.revision):
            return self._answer(204, "application/json", b"")
        return self._answer_json(recording.describe_state())

    def _answer_json(self, value: Json) -> None:
        self._answer(200, "application/json", orjson.dumps(value))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        headers |= {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: progress is written where this would be."""
