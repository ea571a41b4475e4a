"""A line as real ones are, for scripts/bench.py: TLS, nginx in front that offers HTTP/2 and HTTP/1.1, and a round trip.

Everything listens on this machine only. The delay is made by a relay: what arrives is passed on half a round trip later,
in both directions, so that windows of HTTP/2 wait for it as they do on a real line.
"""

import asyncio
import contextlib
import pathlib
import shutil
import socket
import subprocess
import threading
import time

NEEDED = ("nginx", "openssl")


def missing_programs():
    return [name for name in NEEDED if not shutil.which(name)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


async def delayed_copy(reader, writer, delay):
    """Copies until the end; each piece leaves `delay` seconds after it came."""
    queue = asyncio.Queue(2000)

    async def take():
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await queue.put((time.monotonic() + delay, data))
        await queue.put((time.monotonic() + delay, b""))

    taking = asyncio.create_task(take())
    with contextlib.suppress(OSError):
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not data:
                writer.write_eof()
                break
            writer.write(data)
            await writer.drain()
    await taking


class Relay(threading.Thread):
    """Listens on a port of its own and leads to `target`, `delay` seconds away."""

    def __init__(self, target, delay):
        super().__init__(daemon=True)
        self.port, self.target, self.delay = free_port(), target, delay
        self.stopped = threading.Event()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        server = await asyncio.start_server(self.lead, "127.0.0.1", self.port, limit=1 << 20)
        async with server:
            while not self.stopped.is_set():
                await asyncio.sleep(0.05)

    async def lead(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        with contextlib.closing(writer), contextlib.closing(far_writer):
            await asyncio.gather(delayed_copy(reader, far_writer, self.delay), delayed_copy(far_reader, writer, self.delay),
                                 return_exceptions=True)


def make_certificates(folder):
    """An authority (`ca.pem`) and a certificate for `localhost`."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=authority of a bench")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n", encoding="utf-8")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "cert.pem",
            "-days", "2", "-extfile", "names")


def nginx_config(folder, upstream, ports):
    """One server for each way to speak: with HTTP/2 on offer, and without."""
    servers = "\n".join(
        f"""server {{ listen 127.0.0.1:{port} ssl{offers}; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
            keepalive_requests 1000000;
            location / {{ proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection "";
                          proxy_request_buffering off; }} }}"""
        for port, offers in zip(ports, (" http2", "")))
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{ worker_connections 1024; }}
        http {{ access_log off; client_max_body_size 2g; {temporary}
            upstream upstream {{ server 127.0.0.1:{upstream}; keepalive 64; }}
            {servers} }}"""


@contextlib.contextmanager
def line(folder, upstream, round_trip_ms):
    """Starts it all before the server on port `upstream`; gives the URLs by where and what is offered, and the authority's file."""
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make_certificates(folder)
    ports = {"h2": free_port(), "h1": free_port()}
    (folder / "nginx.conf").write_text(nginx_config(folder, upstream, ports.values()), encoding="utf-8")
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    relays = {offer: Relay(port, round_trip_ms / 2000) for offer, port in ports.items()}
    try:
        for relay in relays.values():
            relay.start()
        for port in [*ports.values(), *(relay.port for relay in relays.values())]:
            wait_for(port)
        urls = {("near", offer): f"https://localhost:{port}" for offer, port in ports.items()}
        urls |= {("far", offer): f"https://localhost:{relay.port}" for offer, relay in relays.items()}
        yield urls, folder / "ca.pem"
    finally:
        for relay in relays.values():
            relay.stopped.set()
        nginx.terminate()
        nginx.wait(10)
