"""Which typed addresses may be reached: public web addresses only, unless a setting allows private ones."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from planner.core.errors import Refused
from planner.core.i18n import N_

__all__ = ["Blocked", "check_address", "check_public"]

_PUBLIC_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Where clouds tell a machine its own keys, beside the link-local address: Azure, Alibaba, Amazon, Google, Oracle.
_CLOUD = frozenset(map(ipaddress.ip_address, ("168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe")))
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Blocked(Refused):
    """An address that came from outside is not a plain public web address."""

    code = "blocked_address"


def check_public(url: str, *, allow_private: bool = False) -> None:
    """Refuse at once what can be refused without resolving the name; the connection checks the real address.

    Raises Blocked with a sentence fit to stand beside the field where the address was typed.
    """
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise Blocked(N_("This address contains a character that no web address has."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Blocked(N_("This is not a web address.")) from None
    if parts.scheme not in _PUBLIC_PORTS or not parts.hostname:
        raise Blocked(N_("A web address starts with http:// or https://."))
    if parts.username is not None or parts.password is not None:
        raise Blocked(N_("A web address here may not contain a user name or password."))
    if not allow_private and port not in (None, *_PUBLIC_PORTS.values()):
        raise Blocked(N_("Only the usual web ports, 80 and 443, may be reached."))


def check_address(address: str, host: str, *, allow_private: bool) -> None:
    """Refuse an IP address that `host` stands for when it is not public; link-local and what else is a cloud's metadata never passes.

    Raises Blocked, naming only the host.
    """
    plain = address.partition("%")[0]
    for ip in _meanings(ipaddress.ip_address(plain)):
        harmful = ip in _CLOUD or ip.is_link_local or ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback)
        public = ip.is_global and not getattr(ip, "is_site_local", False)
        if harmful or not (public or allow_private):
            raise Blocked(N_("%(host)s leads into a private network, where this may not reach."), host=host)


def _meanings(ip: _Ip) -> list[_Ip]:
    """The address, and every IPv4 address hidden in it: mapped, NAT64, 6to4, Teredo."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    # Mapped and NAT64 addresses are only other spellings of an IPv4 address; that one alone decides.
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if ip in _NAT64:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    tunnelled = [ip.sixtofour, *(ip.teredo or ())]
    return [ip, *(inner for inner in tunnelled if inner is not None)]
