"""LinkedIn: what the adapter puts on the wire, held against LinkedIn's own client library asking for the same things.

LinkedIn publishes no machine-readable document; its library (linkedin-api-client) knows Rest.li's encoding, methods and headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.clients.restli.utils.encoder import encode
from linkedin_api.common import constants
from linkedin_api.common.errors import ResponseFormattingError

from planner.channels.linkedin import Application, LinkedInAdapter
from planner.channels.linkedin_pages import administered
from planner.channels.linkedin_rest import Rest, encoded, urn_list
from planner.channels.port import Account, Media, MediaKind, OutgoingPost, Platform, Sent
from planner.core.clock import utc_now
from planner.core.http import Http
from tests.conformance.recording import Exchange, Recorder, recorded

pytestmark = pytest.mark.conformance

TOKEN = "sandbox-conformance"
VERSION = "202607"
#: Methods that the HTTP verb and the address already tell: only then may the header be missing.
_PLAIN = {"CREATE", "GET", "GET_ALL", "ACTION"}

#: Rest.li gives brackets, commas, colons and quotes a meaning of their own.
RESERVED = "urn:li:(),%'+&=/?# é日"


class Official:
    """LinkedIn's own client, speaking with the same key in the same version."""

    def __init__(self) -> None:
        self.client = RestliClient()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(path: str, **arguments: Any) -> Any:
            return getattr(self.client, method)(resource_path=path, access_token=TOKEN, version_string=VERSION, **arguments)

        return call

    def initialise(self, resource: str, owner: str, **more: Any) -> Any:
        return self.action(f"/{resource}", action_name="initializeUpload", action_params={"initializeUploadRequest": {"owner": owner, **more}})


class Stage:
    """The adapter and LinkedIn's library in front of one sandbox."""

    def __init__(self, url: str, recorder: Recorder, folder: Path) -> None:
        self.url = url
        self.recorder = recorder
        self.folder = folder
        self.http = Http(timeout_seconds=20)
        self.adapter = LinkedInAdapter(url, self.http, version=VERSION, wait=lambda _: None)
        (page,) = administered(self.rest(""), wait=lambda _: None)
        self.page = page.external_id
        self.account = Account(1, Platform.LINKEDIN, "Page", external_id=self.page, secret=TOKEN)
        self.since = datetime.now(UTC) - timedelta(minutes=5)

    def rest(self, owner: str) -> Rest:
        return Rest(self.url, owner, TOKEN, Application(self.http, TOKEN, VERSION).make_request, utc_now)

    def publish(self, text: str, **more: Any) -> str:
        outcome = self.adapter.publish(a_post(text, **more), self.account, keep=lambda _: None)
        assert isinstance(outcome, Sent), outcome
        assert outcome.note == ""
        return outcome.receipt.external_id

    def file(self, kind: MediaKind, mime: str, size: int, **more: Any) -> Media:
        path = self.folder / f"{kind.value}-{size}"
        path.write_bytes(b"x" * size)
        return Media(kind, str(path), mime, size, name=path.name, **more)

    def asked(self) -> list[Exchange]:
        """What was asked of the API since the last time; files go to addresses that are not its own."""
        return [exchange for exchange in self.recorder.taken() if exchange.path.startswith("/rest/")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("linkedin")
    before = constants.VERSIONED_BASE_URL
    with recorded(folder) as (_, url, recorder):
        constants.VERSIONED_BASE_URL = f"{url}/rest"
        Http(5).request("POST", f"{url}/_sandbox/settings", json={"processing_seconds": 0.0})
        yield Stage(url, recorder, folder)
    constants.VERSIONED_BASE_URL = before


@pytest.fixture
def official() -> Iterator[Official]:
    library = Official()
    yield library
    library.client.session.close()


def wire(exchange: Exchange) -> dict[str, Any]:
    """A call as it stood on the wire; only the order of the parameters and of a record's members, and the spacing of the JSON, mean nothing."""
    headers = {name: exchange.headers.get(name) for name in ("authorization", "linkedin-version", "x-restli-protocol-version", "content-type")}
    body = json.loads(exchange.body) if exchange.body else None
    return {"call": f"{exchange.method} {exchange.path}", "query": sorted(map(in_order, exchange.query.split("&"))), "body": body, **headers}


def in_order(parameter: str) -> str:
    """A Rest.li record with its members by name; a List keeps its order."""
    while record := re.search(r"(?<!List)\(([^()]*)\)", parameter):
        parameter = parameter.replace(record[0], f"<{';'.join(sorted(record[1].split(',')))}>")
    return parameter


def same(ours: list[Exchange], theirs: list[Exchange]) -> None:
    """Both asked the same things in the same order, and the sandbox took what LinkedIn's library sent."""
    assert theirs
    assert [wire(exchange) for exchange in ours] == [wire(exchange) for exchange in theirs]
    methods = [(our.headers.get("x-restli-method"), their.headers["x-restli-method"]) for our, their in zip(ours, theirs, strict=True)]
    assert [pair for pair in methods if pair[0] != pair[1] and not (pair[0] is None and pair[1] in _PLAIN)] == []


def a_post(text: str, **more: Any) -> OutgoingPost:
    return OutgoingPost(delivery_id=1, attempt=1, fingerprint="ab" * 32, text=text, **more)


def a_body(page: str, commentary: str, **content: Any) -> dict[str, Any]:
    feed = {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []}
    body = {"author": page, "commentary": commentary, "visibility": "PUBLIC", "distribution": feed, "lifecycleState": "PUBLISHED"}
    return {**body, "isReshareDisabledByAuthor": False, **content}


def test_a_post_is_made_read_back_and_commented_on_alike(stage: Stage, official: Official) -> None:
    stage.asked()
    urn = stage.publish("Réseaux (privés) & 5G #5G", link="https://www.example.com/a?b=c&d=é", title="Livre blanc", first_comment="Plus (ici)")
    ours = stage.asked()

    card = {"source": "https://www.example.com/a?b=c&d=é", "title": "Livre blanc"}
    official.create("/posts", entity=a_body(stage.page, "Réseaux \\(privés\\) & 5G #5G", content={"article": card}))
    official.get("/posts/{urn}", path_keys={"urn": urn}, query_params={"viewContext": "AUTHOR"})
    official.create("/socialActions/{urn}/comments", path_keys={"urn": urn}, entity={"actor": stage.page, "object": urn, "message": {"text": "Plus (ici)"}})

    same(ours, stage.asked())


def test_posts_are_listed_looked_up_and_taken_down_alike(stage: Stage, official: Official) -> None:
    urns = [stage.publish(f"One of several {number}") for number in range(2)]
    stage.asked()
    assert stage.adapter.recent(stage.since, stage.account).complete
    listed = stage.asked()
    rest = stage.rest(stage.page)
    rest.yes(rest.get(f"posts?ids={urn_list(urns)}", method="BATCH_GET"))
    looked_up = stage.asked()
    assert isinstance(stage.adapter.delete(urns[0], stage.account), Sent)
    taken_down = stage.asked()

    found = official.finder("/posts", finder_name="author", query_params={"author": stage.page, "count": 100, "start": 0, "sortBy": "CREATED"})
    same(listed, stage.asked())
    assert {element["id"] for element in found.elements} >= {urns[1]}
    official.batch_get("/posts", ids=urns)
    same(looked_up, stage.asked())
    official.delete("/posts/{urn}", path_keys={"urn": urns[0]})
    same(taken_down, stage.asked())


def test_numbers_are_asked_for_alike(stage: Stage, official: Official) -> None:
    shares = [stage.publish(f"Counted {number}") for number in range(3)]
    film = [stage.publish("Counted film", media=[stage.file(MediaKind.VIDEO, "video/mp4", 100_000)])]
    unknown = ["urn:li:share:7000000000000000001"]
    stage.asked()
    told = stage.adapter.readings([*shares, *film, *unknown], stage.account)
    ours = stage.asked()

    assert len(told.told) == 4
    assert told.gone == unknown
    by_kind = {"shares": [urn for urn in (*shares, *film, *unknown) if ":share:" in urn], "ugcPosts": [urn for urn in (*shares, *film) if ":ugcPost:" in urn]}
    silent = []
    for parameter, urns in by_kind.items():
        if urns:
            found = official.finder(
                "/organizationalEntityShareStatistics", finder_name="organizationalEntity", query_params={"organizationalEntity": stage.page, parameter: urns}
            )
            counted = {element[parameter.removesuffix("s")] for element in found.elements}
            silent += [urn for urn in urns if urn not in counted]
    official.batch_get("/posts", ids=[urn for urn in (*shares, *film, *unknown) if urn in silent])

    assert {parameter for parameter, urns in by_kind.items() if urns} == {"shares", "ugcPosts"}
    same(ours, stage.asked())


def test_followers_are_asked_for_alike(stage: Stage, official: Official) -> None:
    stage.asked()
    assert stage.adapter.audience(stage.account)
    ours = stage.asked()

    official.get("/networkSizes/{urn}", path_keys={"urn": stage.page}, query_params={"edgeType": "COMPANY_FOLLOWED_BY_MEMBER"})
    official.finder("/organizationalEntityFollowerStatistics", finder_name="organizationalEntity", query_params={"organizationalEntity": stage.page})
    official.finder("/organizationPageStatistics", finder_name="organization", query_params={"organization": stage.page})

    same(ours, stage.asked())


def test_gains_of_followers_are_asked_for_alike(stage: Stage, official: Official) -> None:
    since = (datetime.now(UTC) - timedelta(days=30)).date()
    stage.asked()
    told = stage.adapter.gains(since, stage.account)
    ours = stage.asked()

    start = int(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp() * 1000)
    interval = {"timeRange": {"start": start, "end": start + 29 * 86_400_000}, "timeGranularityType": "DAY"}
    found = official.finder(
        "/organizationalEntityFollowerStatistics", finder_name="organizationalEntity",
        query_params={"organizationalEntity": stage.page, "timeIntervals": interval},
    )  # fmt: skip

    assert told is not None and [one.raw for one in told] == found.elements and len(told) == 29
    same(ours, stage.asked())


def test_pages_and_their_names_are_asked_for_alike(stage: Stage, official: Official) -> None:
    stage.asked()
    assert administered(stage.rest(""), wait=lambda _: None)
    ours = stage.asked()

    mine = {"role": "ADMINISTRATOR", "state": "APPROVED", "start": 0, "count": 100}
    official.finder("/organizationAcls", finder_name="roleAssignee", query_params=mine)
    official.batch_get("/organizationsLookup", ids=[int(stage.page.rpartition(":")[2])])

    same(ours, stage.asked())


@pytest.mark.parametrize(
    ("kind", "mime", "resource", "more"),
    [
        (MediaKind.IMAGE, "image/png", "images", {}),
        (MediaKind.DOCUMENT, "application/pdf", "documents", {}),
        (MediaKind.VIDEO, "video/mp4", "videos", {"uploadCaptions": False, "uploadThumbnail": False}),
    ],
    ids=["image", "document", "video"],
)
def test_a_file_is_announced_and_looked_after_alike(kind: MediaKind, mime: str, resource: str, more: dict[str, Any], stage: Stage, official: Official) -> None:
    stage.asked()
    stage.publish(f"With {resource}", media=[stage.file(kind, mime, 90_000)])
    ours = stage.asked()
    done = [json.loads(exchange.body) for exchange in ours if exchange.query == "action=finalizeUpload"]
    urn = ours[0].said["value"][resource.removesuffix("s")]

    official.initialise(resource, stage.page, **(more | {"fileSizeBytes": 90_000} if more else {}))
    for body in done:
        with suppress(ResponseFormattingError):  # the library finds no JSON in an action's empty answer
            official.action(f"/{resource}", action_name="finalizeUpload", action_params=body)
    official.get(f"/{resource}/{{urn}}", path_keys={"urn": urn})

    before_the_post = ours[: next(number for number, exchange in enumerate(ours) if exchange.path == "/rest/posts")]
    assert len(done) == (1 if resource == "videos" else 0)
    same(before_the_post, stage.asked())


def test_a_live_post_is_changed_and_completed_alike(stage: Stage, official: Official) -> None:
    urn = stage.publish("To be mended")
    post = a_post("Mended (now)", first_comment="Plus ici")
    stage.asked()
    assert isinstance(stage.adapter.edit(post, urn, stage.account), Sent)
    changed = stage.asked()
    assert isinstance(stage.adapter.finish(post, urn, ["first_comment"], stage.account), Sent)
    completed = stage.asked()

    answer = official.partial_update("/posts/{urn}", path_keys={"urn": urn}, patch_set_object={"commentary": "Mended \\(now\\)"})
    official.get("/posts/{urn}", path_keys={"urn": urn}, query_params={"viewContext": "AUTHOR"})
    assert answer.status_code == 204
    same(changed, stage.asked())
    official.get_all("/socialActions/{urn}/comments", path_keys={"urn": urn}, query_params={"start": 0, "count": 100})
    official.create("/socialActions/{urn}/comments", path_keys={"urn": urn}, entity={"actor": stage.page, "object": urn, "message": {"text": "Plus ici"}})
    same(completed, stage.asked())


@given(st.lists(st.text(alphabet=st.one_of(st.sampled_from(RESERVED), st.characters(exclude_categories=["Cs"])))))
def test_any_text_is_encoded_alike(texts: list[str]) -> None:
    assert [encoded(text) for text in texts] == [encode(text) for text in texts]
    assert urn_list(texts) == encode(texts)
