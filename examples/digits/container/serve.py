"""Serves the same model the way SageMaker wants it: GET /ping and POST /invocations on port 8080.

Takes application/json ({"pixels": [...]}) and text/csv (64 numbers); answers JSON.
"""

import argparse
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODEL = Path(os.environ.get("MODEL_DIR", Path(__file__).parent.parent / "model"))
sys.path.insert(0, str(MODEL))
import model  # noqa: E402

MAX_BODY = 6 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/ping":
            self._answer(200, {})
        else:
            self._answer(404, {"error": f"no such path: {self.path}"})

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self._answer(413, {"error": f"the body has {length} bytes, but may have {MAX_BODY}"})
            return
        body = self.rfile.read(length)
        if self.path != "/invocations":
            self._answer(404, {"error": f"no such path: {self.path}"})
            return
        try:
            request = self._request(body)
            self._answer(200, model.predict(request))
        except NotImplementedError as error:
            self._answer(415, {"error": str(error)})
        except ValueError as error:
            self._answer(400, {"error": str(error)})
        except Exception as error:  # A failing model must not end its server.
            self._answer(500, {"error": f"{type(error).__name__}: {error}"})

    def _request(self, body):
        kind = (self.headers.get("Content-Type") or "application/json").split(";")[0].strip()
        text = body.decode("utf-8")
        if kind == "application/json":
            return json.loads(text)
        if kind == "text/csv":
            return {"pixels": [float(value) for value in text.strip().split(",")]}
        raise NotImplementedError(f"takes application/json and text/csv, not {kind}")

    def _answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Requests are logged by SageMaker."""


def main():
    parser = argparse.ArgumentParser()
    # SageMaker starts a container with the word `serve`.
    parser.add_argument("command", nargs="?", choices=["serve"], default="serve")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    model.load()
    server = ThreadingHTTPServer((options.host, options.port), Handler)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
    server.server_close()


main()
