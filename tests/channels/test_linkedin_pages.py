"""The pages a person administers: every one of them, by name, and a key LinkedIn does not know yet."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.channels.linkedin import LinkedInConnect
from planner.channels.port import Identity
from planner.core.errors import Refused, Unavailable
from planner.core.http import Http

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def urn(number: int) -> str:
    return f"urn:li:organization:{number}"


class Pages:
    """LinkedIn's two answers about pages, from its documentation; `refusals` come first, one a call."""

    def __init__(self, server: HTTPServer, names: dict[int, str | None]) -> None:
        self.names, self.refusals, self.asked = names, [], []
        server.expect_request("/rest/organizationAcls").respond_with_handler(self._roles)
        server.expect_request("/rest/organizationsLookup").respond_with_handler(self._names)
        self.waited: list[float] = []
        url = server.url_for("").rstrip("/")
        self.connect = LinkedInConnect(
            url, Http(5.0), client_id="id", client_secret="s", api_url=url, version="202607", wait=self.waited.append, now=lambda: NOW
        )

    def _roles(self, request: Request) -> Response:
        if self.refusals:
            return self.refusals.pop(0)
        assert (request.args["q"], request.args["role"], request.args["state"]) == ("roleAssignee", "ADMINISTRATOR", "APPROVED")
        assert (request.headers["LinkedIn-Version"], request.headers["X-RestLi-Method"]) == ("202607", "FINDER")
        start, count = int(request.args["start"]), int(request.args["count"])
        roles = [{"organization": urn(number), "role": "ADMINISTRATOR", "state": "APPROVED"} for number in self.names]
        return answer({"elements": roles[start : start + count], "paging": {"start": start, "count": count}})

    def _names(self, request: Request) -> Response:
        raw = str(request.environ["RAW_URI"]).partition("?ids=List(")[2].removesuffix(")")
        numbers = [int(number) for number in raw.split(",")]
        self.asked.append(len(numbers))
        return answer({"results": {str(one): {"localizedName": self.names[one]} for one in numbers if self.names[one]}})


def answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


REVOKED = {"status": 401, "serviceErrorCode": 65601, "code": "REVOKED_ACCESS_TOKEN", "message": "The token used in the request has been revoked"}


def test_pages_come_by_name_and_one_without_a_name_by_its_number(httpserver: HTTPServer) -> None:
    pages = Pages(httpserver, {3: "zeta", 1: "Alpha", 2: None})

    assert pages.connect.accounts("AQX") == [Identity(urn(2), "2"), Identity(urn(1), "Alpha"), Identity(urn(3), "zeta")]


def test_more_pages_than_one_answer_holds_are_all_told(httpserver: HTTPServer) -> None:
    pages = Pages(httpserver, {number: f"Page {number:03}" for number in range(230)})

    assert [page.name for page in pages.connect.accounts("AQX")] == [f"Page {number:03}" for number in range(230)]
    assert pages.asked == [50, 50, 50, 50, 30]


def test_a_new_key_that_linkedin_does_not_know_yet_is_tried_again_for_ten_seconds(httpserver: HTTPServer) -> None:
    pages = Pages(httpserver, {1: "Alpha"})
    pages.refusals = [answer(REVOKED, 401), answer(REVOKED, 401)]
    assert pages.connect.accounts("AQX") == [Identity(urn(1), "Alpha")]
    assert pages.waited == [1.0, 2.0]

    pages.waited.clear()
    pages.refusals = [answer(REVOKED, 401)] * 5
    with pytest.raises(Refused, match="did not say which account"):
        pages.connect.accounts("AQX")
    assert pages.waited == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [(answer({"message": "no"}, 403), Refused), (answer({}, 500), Unavailable), (answer([]), Unavailable), (answer({"message": "slow"}, 429), Unavailable)],
    ids=["forbidden", "broken", "senseless", "throttled"],
)
def test_a_person_whose_pages_linkedin_does_not_tell_reads_why(httpserver: HTTPServer, refusal: Response, kind: type[Exception]) -> None:
    pages = Pages(httpserver, {1: "Alpha"})
    pages.refusals = [refusal]

    with pytest.raises(kind, match="Nothing was stored"):
        pages.connect.accounts("AQX")
    assert pages.waited == []


def test_no_page_is_said_with_what_to_ask_of_whom(httpserver: HTTPServer) -> None:
    with pytest.raises(Refused, match="Ask a super admin"):
        Pages(httpserver, {}).connect.accounts("AQX")
