"""Issuers of the real world on loopback: keys of theirs, and a server that shows them as an issuer does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEYS = {kid: rsa.generate_private_key(65537, 2048) for kid in ("one", "two")}


class KeyServer(ThreadingHTTPServer):
    """Serves a JWKS."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), KeyHandler)
        self.kids = ["one"]
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/jwk"


class KeyHandler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.asked += 1
        keys = [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS[kid].public_key())), "kid": kid, "use": "sig"}
            for kid in self.server.kids
        ]
        body = json.dumps({"keys": keys}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def running_key_server() -> Iterator[KeyServer]:
    with KeyServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def issued(claims: dict[str, Any], *, kid: str = "one", algorithm: str = "RS256") -> str:
    """A token of an issuer whose key that is."""
    return jwt.encode(claims, KEYS[kid], algorithm=algorithm, headers={"kid": kid})
