"""Which typed addresses are refused at once, which resolved ones may be connected to, and where redirects may lead."""

from __future__ import annotations

import socket

import pytest
from pytest_httpserver import HTTPServer

from planner.core.addresses import Blocked, check_address, check_public
from planner.core.http import Http, NotSent


@pytest.fixture
def http() -> Http:
    return Http(timeout_seconds=2)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("file:///etc/passwd", "A web address starts with http:// or https://."),
        ("ftp://example.com/", "A web address starts with http:// or https://."),
        ("//example.com/", "A web address starts with http:// or https://."),
        ("http:///path", "A web address starts with http:// or https://."),
        ("", "A web address starts with http:// or https://."),
        ("http://example.com:22/", "Only the usual web ports, 80 and 443, may be reached."),
        ("http://example.com:0/", "Only the usual web ports, 80 and 443, may be reached."),
        ("http://example.com:99999/", "This is not a web address."),
        ("http://[::1", "This is not a web address."),
        ("http://user@example.com/", "A web address here may not contain a user name or password."),
        ("http://example.com\\@127.0.0.1/", "This address contains a character that no web address has."),
        ("http://example.com/\r\nX: y", "This address contains a character that no web address has."),
        (" http://example.com/", "This address contains a character that no web address has."),
    ],
)
def test_an_address_that_is_no_plain_web_address_is_refused_with_a_sentence(url, sentence):
    with pytest.raises(Blocked) as caught:
        check_public(url)

    assert str(caught.value) == sentence


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_a_public_address_passes(address):
    check_address(address, "example.com", allow_private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "fd00::1", "::ffff:192.168.1.1", "100.64.0.1", "fec0::1"])
def test_private_addresses_pass_when_a_setting_allows_them(address):
    check_address(address, "chat.internal", allow_private=True)


@pytest.mark.parametrize("address", ["fec0::1", "feff::1", "fd00::1", "10.1.2.3"])
def test_private_addresses_do_not_pass_otherwise(address):
    with pytest.raises(Blocked):
        check_address(address, "chat.internal", allow_private=False)


@pytest.mark.parametrize("address", ["168.63.129.16", "::ffff:168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe"])
@pytest.mark.parametrize("allow_private", [False, True])
def test_where_a_cloud_tells_a_machine_its_keys_is_never_reached(address, allow_private):
    with pytest.raises(Blocked):
        check_address(address, "chat.internal", allow_private=allow_private)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254"])
def test_link_local_addresses_never_pass(address):
    with pytest.raises(Blocked) as caught:
        check_address(address, "metadata", allow_private=True)

    assert str(caught.value) == "metadata leads into a private network, where this may not reach."


# --- on the wire -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::]/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b::7f00:1]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
def test_every_spelling_of_an_inner_address_is_blocked(http, url):
    with pytest.raises(Blocked):
        http.fetch_public(url)


def test_a_name_is_resolved_once_and_that_very_address_is_used(http, monkeypatch):
    """A name that is public when looked at and private when connected to (rebinding) gets no second look."""
    asked = []

    def resolve(host, port, *args, **kwargs):
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected = []

    def connect(address, *args, **kwargs):
        connected.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotSent):
        http.fetch_public("http://rebinding.example/")

    assert (asked, connected) == (["rebinding.example"], [("93.184.215.14", 80)])


def test_one_private_address_among_public_ones_blocks_the_name(http, monkeypatch):
    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Blocked):
        http.fetch_public("http://mixed.example/")


def test_an_allowed_base_address_is_reached_and_its_neighbours_are_not(httpserver: HTTPServer):
    httpserver.expect_request("/hooks/1").respond_with_data("ok")
    http = Http(timeout_seconds=2, allowed=(httpserver.url_for("/hooks"),))

    assert http.request("POST", httpserver.url_for("/hooks/1"), guarded=True).text == "ok"
    for url in (
        httpserver.url_for("/other"),
        httpserver.url_for("/hooksmith"),
        f"http://127.0.0.1:{closed_port()}/hooks/1",
    ):
        with pytest.raises(Blocked):
            http.request("POST", url, guarded=True)


def test_each_redirect_is_checked_like_the_first_address(httpserver: HTTPServer):
    inner = httpserver.url_for("/inner")
    httpserver.expect_request("/open/start").respond_with_data("", status=302, headers={"Location": inner})
    httpserver.expect_request("/inner").respond_with_data("secret page")
    http = Http(timeout_seconds=2, allowed=(httpserver.url_for("/open"),))

    with pytest.raises(Blocked):
        http.fetch_public(httpserver.url_for("/open/start"))
    assert [request.path for request, _ in httpserver.log] == ["/open/start"]


def test_a_redirect_is_followed_and_the_answer_tells_where_it_ended(httpserver: HTTPServer):
    httpserver.expect_request("/a").respond_with_data("", status=301, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data("here")
    http = Http(timeout_seconds=2, allow_private=True)

    answer = http.fetch_public(httpserver.url_for("/a"))

    assert (answer.text, answer.url) == ("here", httpserver.url_for("/b"))


def test_redirects_in_a_circle_end_with_a_sentence(httpserver: HTTPServer):
    httpserver.expect_request("/a").respond_with_data("", status=302, headers={"Location": "/a"})

    with pytest.raises(Blocked) as caught:
        Http(timeout_seconds=2, allow_private=True).fetch_public(httpserver.url_for("/a"))

    assert str(caught.value) == "This address leads from one page to another without end."
    assert len(httpserver.log) == 6


def test_a_redirect_to_a_file_is_blocked(httpserver: HTTPServer):
    httpserver.expect_request("/a").respond_with_data("", status=302, headers={"Location": "file:///etc/passwd"})

    with pytest.raises(Blocked):
        Http(timeout_seconds=2, allow_private=True).fetch_public(httpserver.url_for("/a"))
