"""The outgoing client on real sockets: what was sent, what is cut, what is blocked, and what no error may tell."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.core.http import Http, MaybeSent, NotSent, redact

SECRET = "s3cr3t-token-of-the-account"


@pytest.fixture
def http() -> Http:
    return Http(timeout_seconds=2)


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start a TCP server that treats each connection with the given function; returns its base address."""
    with ExitStack() as stack:

        def start(treat: Callable[[socket.socket], None]) -> str:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def loop() -> None:
                while True:
                    try:
                        peer, _ = server.accept()
                    except OSError:
                        return
                    with peer:
                        with suppress(OSError):
                            treat(peer)

            thread = threading.Thread(target=loop, daemon=True)
            thread.start()
            stack.callback(lambda: (server.shutdown(socket.SHUT_RDWR), thread.join(10)))
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield start


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def self_signed(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "self-signed.pem"
    path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return path


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# --- sent or not sent -------------------------------------------------------------------------------------------------


def test_a_closed_port_is_certainly_not_sent(http):
    with pytest.raises(NotSent) as caught:
        http.request("POST", f"http://127.0.0.1:{closed_port()}/2/tweets", json={"text": "hello"})

    assert str(caught.value) == "127.0.0.1 could not be reached; nothing was sent."


def test_an_unknown_name_is_certainly_not_sent(http):
    with pytest.raises(NotSent) as caught:
        http.request("POST", "http://no-such-host.invalid/2/tweets", json={"text": "hello"})

    assert caught.value.host == "no-such-host.invalid"


def test_a_listener_that_reads_and_never_answers_may_have_acted(listen):
    base = listen(lambda peer: time.sleep(1.5))
    started = time.monotonic()

    with pytest.raises(MaybeSent) as caught:
        Http(timeout_seconds=0.5).request("POST", base + "/2/tweets", json={"text": "hello"})

    assert str(caught.value) == "127.0.0.1 gave no clear answer; it may have acted on what was sent."
    assert time.monotonic() - started < 1.4


def test_a_listener_that_reads_and_closes_may_have_acted(http, listen):
    base = listen(lambda peer: peer.recv(65536))

    with pytest.raises(MaybeSent):
        http.request("POST", base + "/2/tweets", json={"text": "hello"})


def test_a_listener_that_reads_and_resets_may_have_acted(http, listen):
    def treat(peer: socket.socket) -> None:
        peer.recv(65536)
        reset(peer)

    with pytest.raises(MaybeSent):
        http.request("POST", listen(treat) + "/2/tweets", json={"text": "hello"})


def test_a_listener_that_closes_without_reading_may_have_acted_since_bytes_left_us(http, listen):
    def treat(peer: socket.socket) -> None:
        # Waits until bytes are there and leaves them unread: a reset that comes earlier fails the connecting, and then nothing was sent.
        peer.recv(1, socket.MSG_PEEK)
        reset(peer)

    with pytest.raises(MaybeSent):
        http.request("POST", listen(treat) + "/2/tweets", json={"text": "hello"})


def test_a_failed_tls_handshake_is_certainly_not_sent(http, listen):
    base = listen(lambda peer: peer.sendall(b"this is not TLS" * 100))

    with pytest.raises(NotSent):
        http.request("POST", base.replace("http://", "https://") + "/2/tweets", json={"text": "hello"})


def test_a_certificate_that_nobody_we_trust_signed_is_certainly_not_sent(http, listen, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    received = []

    def treat(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secure:
            received.append(secure.recv(65536))

    with pytest.raises(NotSent):
        http.request("POST", listen(treat).replace("http://", "https://"), json={"text": "hello"})
    assert b"".join(received) == b""


def test_a_reset_on_a_connection_kept_from_an_earlier_call_may_have_acted(http, listen):
    """The second request travels on the first one's connection: no connecting can fail, so the bytes did leave."""

    def treat(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.recv(65536)
        reset(peer)

    base = listen(treat)
    assert http.request("POST", base).text == "ok"

    with pytest.raises(MaybeSent):
        http.request("POST", base)


def test_a_garbled_answer_may_mean_anything(http, listen):
    def treat(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"\x00\x01 nonsense\r\n\r\n")

    with pytest.raises(MaybeSent):
        http.request("POST", listen(treat))


def test_after_a_failed_call_the_next_one_starts_clean(http, httpserver: HTTPServer):
    httpserver.expect_request("/").respond_with_data("ok")
    assert http.request("GET", httpserver.url_for("/")).text == "ok"

    with pytest.raises(NotSent):
        http.request("GET", f"http://127.0.0.1:{closed_port()}/")


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_large_answer_is_cut_at_the_limit(http, httpserver: HTTPServer):
    httpserver.expect_request("/big").respond_with_data("x" * 100_000)

    answer = http.request("GET", httpserver.url_for("/big"), max_bytes=1000)

    assert (answer.status, answer.body, answer.cut, answer.json()) == (200, b"x" * 1000, True, None)


def test_an_answer_exactly_at_the_limit_is_whole(http, httpserver: HTTPServer):
    httpserver.expect_request("/fits").respond_with_data("x" * 1000)

    answer = http.request("GET", httpserver.url_for("/fits"), max_bytes=1000)

    assert (answer.body, answer.cut) == (b"x" * 1000, False)


def test_a_compressed_bomb_is_cut_at_the_limit(http, httpserver: HTTPServer):
    bomb = gzip.compress(b"0" * 50_000_000)
    httpserver.expect_request("/bomb").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})

    answer = http.request("GET", httpserver.url_for("/bomb"), max_bytes=10_000)

    assert (len(answer.body), answer.cut) == (10_000, True)


def test_a_body_shorter_than_announced_is_told_as_cut(http, listen):
    def treat(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"data":{"id":"1"')

    answer = http.request("POST", listen(treat))

    assert (answer.status, answer.cut, answer.json()) == (201, True, None)


@pytest.mark.parametrize("slow_part", ["headers", "body"])
def test_an_answer_that_drips_is_ended_by_the_clock(listen, slow_part):
    """Each byte arrives well within the socket's own time limit; only the sum is too long."""

    def treat(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        if slow_part == "body":
            peer.sendall(b"Content-Length: 1000\r\n\r\n")
        for _ in range(40):
            peer.sendall(b"x")
            time.sleep(0.1)

    base = listen(treat)
    started = time.monotonic()
    if slow_part == "headers":
        with pytest.raises(MaybeSent):
            Http(timeout_seconds=0.6).request("GET", base)
    else:
        assert Http(timeout_seconds=0.6).request("GET", base).cut

    assert time.monotonic() - started < 1.5


def test_redirects_are_not_followed(http, httpserver: HTTPServer):
    httpserver.expect_request("/moved").respond_with_data("", status=302, headers={"Location": "/elsewhere"})

    assert http.request("GET", httpserver.url_for("/moved")).status == 302


def test_cookies_of_one_account_do_not_travel_with_the_next(http, httpserver: HTTPServer):
    seen = []

    def handler(request: Request) -> Response:
        seen.append(request.headers.get("Cookie"))
        return Response("ok", headers={"Set-Cookie": "who=first"})

    httpserver.expect_request("/").respond_with_handler(handler)
    http.request("GET", httpserver.url_for("/"))
    http.request("GET", httpserver.url_for("/"))

    assert seen == [None, None]


@pytest.mark.parametrize("body", ["", "{", '{"a":1', "[" * 100_000, "\x00", "<html></html>"])
def test_a_body_that_is_not_json_is_no_answer(http, httpserver: HTTPServer, body):
    httpserver.expect_request("/").respond_with_data(body)

    answer = http.request("GET", httpserver.url_for("/"))

    assert (answer.json(), answer.json_object()) == (None, {})


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_error_holds_the_address_or_the_token(http, listen):
    base = listen(lambda peer: peer.recv(65536))
    errors = []
    for url in (f"{base}/hooks/{SECRET}?sig={SECRET}", f"http://127.0.0.1:{closed_port()}/hooks/{SECRET}"):
        with pytest.raises((NotSent, MaybeSent)) as caught:
            http.request("POST", url, headers={"Authorization": f"Bearer {SECRET}"}, json={"text": "hello"})
        errors.append(caught.value)

    for error in errors:
        assert (error.__cause__, error.__context__) == (None, None)
        shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
        assert SECRET not in shown


def test_the_libraries_log_no_address_even_at_debug(http, httpserver: HTTPServer, caplog):
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request(f"/hooks/{SECRET}").respond_with_data("ok")

    http.request("POST", httpserver.url_for(f"/hooks/{SECRET}"), json={})

    ours = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]  # the test's own server
    assert not [message for message in ours if SECRET in message]
    assert SECRET in caplog.text


def test_an_answer_shows_neither_address_nor_headers_nor_body(http, httpserver: HTTPServer):
    httpserver.expect_request(f"/{SECRET}").respond_with_data(SECRET, headers={"X-Echo": SECRET})

    assert repr(http.request("GET", httpserver.url_for(f"/{SECRET}"))) == "Answer(status=200, cut=False)"


def test_redacting_takes_out_known_secrets_and_what_looks_like_one():
    text = (
        f"Invalid token {SECRET}; Authorization: Bearer abc.def-123; GET /x?a=1&oauth2_access_token=AQX&b=2; "
        "https://chat.example.com/hooks/xyz9 failed"
    )

    assert redact(text, SECRET, None, "") == (
        "Invalid token …; Authorization: Bearer …; GET /x?a=1&oauth2_access_token=…&b=2; https://chat.example.com/hooks/… failed"
    )
