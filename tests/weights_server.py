"""A server on loopback that hands out a model's file, rightly and in wrong ways."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from onnx_files import write_onnx

from cosmat_nb.matting.models import Model

WEIGHTS = write_onnx(comment="x" * 300_000)
SIGNATURE = "5aedc0ffee"


class Handler(BaseHTTPRequestHandler):
    """Answers by the path asked."""

    def do_GET(self):
        """Send the file, or what the path says instead."""
        self.server.asked.append(self.path)
        what = self.path.partition("?")[0].strip("/")
        getattr(self, what)()

    def send(self, status, body=b"", length=None, **headers):
        """Send a whole answer, or one that says to be longer than it is."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length != "unknown":
            self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def right(self):
        """Send the file."""
        self.send(200, WEIGHTS)

    def open_ended(self):
        """Send the file without its length."""
        self.send(200, WEIGHTS, length="unknown")

    def wrong(self):
        """Send as many other bytes."""
        self.send(200, WEIGHTS[::-1])

    def short(self):
        """End early."""
        self.send(200, WEIGHTS[:200_000], length=len(WEIGHTS))

    def huge(self):
        """Tell of 2 GiB."""
        self.send(200, WEIGHTS, length=2**31)

    def missing(self):
        """Know of no such file; the words stand where a file would."""
        self.send(404, WEIGHTS)

    def moved(self):
        """Lead to the file by a signed address."""
        self.send(302, Location=f"/right?X-Signature={SIGNATURE}")

    def moved_to_nothing(self):
        """Lead by a signed address to a file that ends early."""
        self.send(302, Location=f"/short?X-Signature={SIGNATURE}")

    def round(self):
        """Lead back to itself."""
        self.send(302, Location=f"/round?X-Signature={SIGNATURE}")

    def nowhere(self):
        """Lead to what is no address."""
        self.send(302, Location=f"http://[{SIGNATURE}/x")

    def moved_to_a_file(self):
        """Lead to a file of this machine."""
        self.send(302, Location=f"file:///{SIGNATURE}")

    def moved_too_far(self):
        """Lead to a name longer than names can be."""
        self.send(302, Location=f"http://{SIGNATURE * 9}/x")

    def page(self):
        """Send words for people, as a portal that wants a password does."""
        self.send(200, b"<html>Please log in</html>", **{"Content-Type": "text/html"})

    def packed(self):
        """Send it compressed, which nobody asked for: a little could become a lot."""
        self.send(200, gzip.compress(WEIGHTS), **{"Content-Encoding": "gzip"})

    def log_message(self, *_):
        """Stay silent."""


@contextlib.contextmanager
def serve_weights():
    """Start the server; it tells what was asked, and makes models that point to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = []
    server.model = lambda way, name="tiny": Model(
        name=name,
        address=f"http://127.0.0.1:{server.server_port}/{way}",
        md5=hashlib.md5(WEIGHTS).hexdigest(),
        license="MIT",
        source="https://example.com/tiny",
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
