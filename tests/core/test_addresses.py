"""Which typed addresses are refused at once, and which resolved ones may be connected to."""

from __future__ import annotations

import pytest

from planner.core.addresses import Blocked, check_address, check_public


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


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "fd00::1", "::ffff:192.168.1.1", "100.64.0.1"])
def test_private_addresses_pass_when_a_setting_allows_them(address):
    check_address(address, "chat.internal", allow_private=True)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254"])
def test_link_local_addresses_never_pass(address):
    with pytest.raises(Blocked) as caught:
        check_address(address, "metadata", allow_private=True)

    assert str(caught.value) == "metadata leads into a private network, where this may not reach."
