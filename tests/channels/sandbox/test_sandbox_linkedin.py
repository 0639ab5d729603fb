"""Pretend LinkedIn speaks LinkedIn's format: posts, little text, media, statistics, comments, versions."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from planner.channels.sandbox.linkedin_wire import plain, stored_commentary


def mine(linkedin):
    return linkedin("GET", "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED").json()["elements"][0]["organization"]


def message(author, commentary, **more):
    return {
        "author": author,
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        **more,
    }


def post(linkedin, commentary, **more):
    return linkedin("POST", "/rest/posts", json=message(mine(linkedin), commentary, **more))


def urn_of(answer):
    assert answer.status_code == 201, answer.text
    return answer.headers["x-restli-id"]


def one(linkedin, urn):
    return linkedin("GET", f"/rest/posts/{quote(urn, safe='')}?viewContext=AUTHOR")


def upload(linkedin, kind, content):
    begun = linkedin("POST", f"/rest/{kind}s?action=initializeUpload", json={"initializeUploadRequest": {"owner": mine(linkedin)}})
    value = begun.json()["value"]
    assert linkedin("PUT", value["uploadUrl"], data=content).status_code == 201
    return value[kind]


def test_a_post_is_created_read_edited_and_deleted_twice(linkedin, clock):
    created = post(linkedin, "Our year in networks")
    urn = urn_of(created)
    told = one(linkedin, urn).json()
    clock.pass_(minutes=5)
    edited = linkedin(
        "POST", f"/rest/posts/{quote(urn, safe='')}", json={"patch": {"$set": {"commentary": "Our decade"}}},
        headers={"X-RestLi-Method": "PARTIAL_UPDATE"},
    )  # fmt: skip
    after = one(linkedin, urn).json()
    deletions = [linkedin("DELETE", f"/rest/posts/{quote(urn, safe='')}").status_code for _ in range(2)]

    assert (created.content, urn.startswith("urn:li:share:")) == (b"", True)
    assert (told["commentary"], told["author"], told["createdAt"]) == ("Our year in networks", mine(linkedin), 1_795_510_800_000)
    assert (edited.status_code, after["commentary"], after["lastModifiedAt"] - after["createdAt"]) == (204, "Our decade", 300_000)
    assert deletions == [204, 204]
    assert one(linkedin, urn).status_code == 404


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Plain text", "Plain text"),
        ("Speed \\(measured\\) doubled", "Speed \\(measured\\) doubled"),
        ("Speed (measured) doubled", "Speed "),
        ("50 % more * see below", "50 % more "),
        ("Talk about #5G and #réseau now", "Talk about {hashtag|\\#|5G} and {hashtag|\\#|réseau} now"),
        ("Number # one", "Number "),
        ("With @[Acme Group](urn:li:organization:123) today", "With @[Acme Group](urn:li:organization:123) today"),
        ("Mail me @home", "Mail me "),
        ("back\\slash", "back"),
        ("snake\\_case", "snake\\_case"),
        ("{hashtag|\\#|Network} done", "{hashtag|\\#|Network} done"),
    ],
)
def test_everything_after_a_misplaced_reserved_character_is_silently_lost(linkedin, sent, kept):
    assert one(linkedin, urn_of(post(linkedin, sent))).json()["commentary"] == kept


def test_a_stored_commentary_reads_as_plain_text():
    stored = stored_commentary("With @[Acme \\(EU\\)](urn:li:organization:1) on #5G \\[soon\\]")

    assert plain(stored) == "With Acme (EU) on #5G [soon]"


def test_a_duplicate_is_refused_and_names_the_first(linkedin):
    first = urn_of(post(linkedin, "Only once"))

    again = post(linkedin, "Only once")

    assert again.status_code == 422
    assert again.json()["message"].endswith(f"Content is a duplicate of {first}")
    assert again.json()["errorDetails"]["inputErrors"] == [{"description": "Duplicate post is detected", "code": "DUPLICATE_POST"}]


def test_own_posts_are_found_newest_first_and_paged(linkedin, clock):
    urns = []
    for number in range(3):
        urns.append(urn_of(post(linkedin, f"Post {number}")))
        clock.pass_(minutes=1)
    address = f"/rest/posts?author={quote(mine(linkedin), safe='')}&q=author&sortBy=CREATED"

    first = linkedin("GET", f"{address}&count=2", headers={"X-RestLi-Method": "FINDER"}).json()
    second = linkedin("GET", f"{address}&count=2&start=2").json()

    assert [element["id"] for element in first["elements"] + second["elements"]] == urns[::-1]
    assert (len(first["paging"]["links"]), second["paging"]["links"]) == (1, [])


def test_a_batch_tells_the_found_and_the_missing(linkedin):
    urn = urn_of(post(linkedin, "Here"))
    missing = "urn:li:share:7000000000000000000"

    told = linkedin("GET", f"/rest/posts?ids=List({quote(urn, safe='')},{quote(missing, safe='')})").json()
    bare = linkedin("GET", f"/rest/posts?ids={quote(urn, safe='')}")

    assert list(told["results"]) == [urn]
    assert told["statuses"] == {urn: 200, missing: 404}
    assert told["errors"][missing]["status"] == 404
    assert bare.status_code == 400


@pytest.mark.parametrize(
    ("version", "status"),
    [("202607", 200), ("202611", 200), ("202511", 426), ("202512", 426), ("202713", 426), ("209901", 426), ("latest", 426), ("", 400)],
)
def test_a_version_is_needed_and_must_be_alive(caller, version, status):
    headers = {"LinkedIn-Version": version} if version else {}

    answer = caller(headers=headers)("GET", "/rest/organizationAcls?q=roleAssignee")

    assert answer.status_code == status
    if status == 426:
        assert answer.json() == {"status": 426, "code": "NONEXISTENT_VERSION", "message": f"Requested version {version} is not active"}


def test_tokens_are_refused_in_the_platforms_words(caller):
    answer = caller("revoked", headers={"LinkedIn-Version": "202607"})("GET", "/rest/organizationAcls?q=roleAssignee")

    assert answer.status_code == 401
    assert answer.json() == {
        "status": 401, "serviceErrorCode": 65601, "code": "REVOKED_ACCESS_TOKEN",
        "message": "The token used in the request has been revoked by the user",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"visibility": "SECRET"}, {"lifecycleState": "DRAFT"}, {"colour": 1}, {"content": {"article": {"source": "https://a.example"}}},
     {"content": {"media": {"id": "urn:li:image:none"}}}, {"commentary": "a" * 3001}, {"author": "me"}],
)  # fmt: skip
def test_malformed_posts_are_refused(linkedin, change):
    body = {**message(mine(linkedin), "Fine"), **change}

    assert linkedin("POST", "/rest/posts", json=body).status_code in (400, 422)


def test_an_image_a_document_and_a_link_card_become_posts(linkedin, clock):
    image = upload(linkedin, "image", b"\x89PNG one")
    second = upload(linkedin, "image", b"\x89PNG two")
    document = upload(linkedin, "document", b"%PDF")
    waiting = linkedin("GET", f"/rest/documents/{quote(document, safe='')}").json()["status"]
    clock.pass_(seconds=3)

    contents = [
        {"media": {"id": image, "altText": "A mast"}},
        {"multiImage": {"images": [{"id": image, "altText": "one"}, {"id": second}]}},
        {"media": {"id": document, "title": "White paper"}},
        {"article": {"source": "https://example.com/x", "title": "Title", "description": "About", "thumbnail": image}},
    ]
    urns = [urn_of(post(linkedin, f"Content {number}", content=content)) for number, content in enumerate(contents)]

    assert [one(linkedin, urn).json()["content"] for urn in urns] == contents
    assert [urn.split(":")[2] for urn in urns] == ["share", "share", "ugcPost", "share"]
    assert waiting == "PROCESSING"
    assert linkedin("GET", f"/rest/documents/{quote(document, safe='')}").json()["status"] == "AVAILABLE"
    assert post(linkedin, "Untitled", content={"media": {"id": document}}).status_code == 422


def test_a_video_is_uploaded_in_parts_whose_etags_finish_it(linkedin, clock):
    size = (4 << 20) + 10
    begun = linkedin(
        "POST", "/rest/videos?action=initializeUpload",
        json={"initializeUploadRequest": {"owner": mine(linkedin), "fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False}},
    ).json()["value"]  # fmt: skip
    bytes_ = b"v" * size
    etags = []
    for part in begun["uploadInstructions"]:
        answer = linkedin(
            "PUT", part["uploadUrl"], data=bytes_[part["firstByte"] : part["lastByte"] + 1], headers={"Content-Type": "application/octet-stream"}
        )
        etags.append(answer.headers["etag"])

    def finish(ids):
        body = {"finalizeUploadRequest": {"video": begun["video"], "uploadToken": begun["uploadToken"], "uploadedPartIds": ids}}
        return linkedin("POST", "/rest/videos?action=finalizeUpload", json=body).status_code

    refused, accepted = finish(etags[::-1]), finish(etags)
    address = f"/rest/videos/{quote(begun['video'], safe='')}"
    states = [linkedin("GET", address).json()["status"]]
    clock.pass_(seconds=3)
    states.append(linkedin("GET", address).json()["status"])
    urn = urn_of(post(linkedin, "Watch", content={"media": {"id": begun["video"], "title": "Film"}}))

    assert (refused, accepted, states) == (400, 200, ["PROCESSING", "AVAILABLE"])
    assert urn.startswith("urn:li:ugcPost:")


def statistics(linkedin, **lists):
    entity = quote(mine(linkedin), safe="")
    more = "".join(f"&{name}=List({','.join(quote(urn, safe='') for urn in urns)})" for name, urns in lists.items())
    return linkedin("GET", f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={entity}{more}")


def test_statistics_come_by_kind_of_urn_and_unseen_posts_are_left_out(linkedin, clock):
    old = urn_of(post(linkedin, "Old"))
    clock.pass_(days=366)
    headers = {"LinkedIn-Version": "202707"}
    seen = urn_of(linkedin("POST", "/rest/posts", json=message(acl(linkedin, headers), "Seen"), headers=headers))
    clock.pass_(days=10)
    new = urn_of(linkedin("POST", "/rest/posts", json=message(acl(linkedin, headers), "New"), headers=headers))
    linkedin.headers.update(headers)

    told = statistics(linkedin, shares=[old, seen, new]).json()["elements"]
    total = told[0]["totalShareStatistics"]

    assert [element["share"] for element in told] == [seen]
    assert set(total) == {"impressionCount", "uniqueImpressionsCount", "clickCount", "likeCount", "commentCount", "shareCount", "engagement"}
    assert total["impressionCount"] > total["uniqueImpressionsCount"] > total["likeCount"] > 0
    acts = sum(total[name] for name in ("clickCount", "likeCount", "commentCount", "shareCount"))
    assert total["engagement"] == acts / total["impressionCount"]
    assert statistics(linkedin, ugcPosts=[seen]).status_code == 400


def acl(linkedin, headers):
    told = linkedin("GET", "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR", headers=headers).json()
    return told["elements"][0]["organization"]


def test_days_of_statistics_sum_to_the_whole(linkedin, clock):
    urn = urn_of(post(linkedin, "Daily"))
    clock.pass_(days=9, hours=15)  # midnight
    start = 1_795_478_400_000  # 24 November, 00:00
    span = f"(timeRange:(start:{start},end:{start + 10 * 86_400_000}),timeGranularityType:DAY)"
    entity = quote(mine(linkedin), safe="")
    days = linkedin(
        "GET",
        f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={entity}"
        f"&shares=List({quote(urn, safe='')})&timeIntervals={span}",
    ).json()["elements"]
    whole = statistics(linkedin, shares=[urn]).json()["elements"][0]["totalShareStatistics"]

    assert sum(day["totalShareStatistics"]["impressionCount"] for day in days) == whole["impressionCount"]
    assert days[0]["timeRange"] == {"start": start, "end": start + 86_400_000}
    assert "uniqueImpressionsCount" not in days[0]["totalShareStatistics"]


def test_followers_are_sliced_and_never_more_than_the_network(linkedin):
    entity = quote(mine(linkedin), safe="")
    size = linkedin("GET", f"/rest/networkSizes/{entity}?edgeType=COMPANY_FOLLOWED_BY_MEMBER").json()["firstDegreeSize"]
    told = linkedin(
        "GET", f"/rest/organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity={entity}"
    ).json()["elements"][0]  # fmt: skip

    for name in ("Seniority", "Function", "Industry", "GeoCountry", "StaffCountRange"):
        counts = [row["followerCounts"]["organicFollowerCount"] for row in told[f"followerCountsBy{name}"]]
        assert sum(counts) == int(size * 0.93)
    assert told["followerCountsBySeniority"][0]["seniority"] == "urn:li:seniority:1"


def test_gains_of_followers_end_two_days_ago_and_add_up_to_what_the_network_grew(linkedin, clock):
    entity = quote(mine(linkedin), safe="")

    def size():
        return linkedin("GET", f"/rest/networkSizes/{entity}?edgeType=COMPANY_FOLLOWED_BY_MEMBER").json()["firstDegreeSize"]

    clock.pass_(days=1)
    start = clock.moment = clock.moment.replace(hour=0, minute=0)
    at_first = size()
    clock.pass_(days=38)
    at_last = size()
    clock.pass_(days=1, hours=23)

    first = int(start.timestamp() * 1000)
    span = f"(timeRange:(start:{first},end:{first + 60 * 86_400_000}),timeGranularityType:DAY)"
    told = linkedin(
        "GET", f"/rest/organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity={entity}&timeIntervals={span}"
    ).json()["elements"]  # fmt: skip

    assert [one["timeRange"] for one in told] == [
        {"start": first + number * 86_400_000, "end": first + (number + 1) * 86_400_000} for number in range(38)
    ]
    gains = [one["followerGains"] for one in told]
    assert sum(sum(one.values()) for one in gains) == at_last - at_first
    assert any(one["paidFollowerGain"] > 0 for one in gains) and any(one["organicFollowerGain"] < 0 for one in gains)


def test_comments_are_as_many_as_told_and_ours_is_among_them(linkedin, clock):
    urn = urn_of(post(linkedin, "Say something"))
    address = f"/rest/socialActions/{quote(urn, safe='')}/comments"
    none_yet = linkedin("GET", address).status_code
    body = {"actor": mine(linkedin), "object": urn, "message": {"text": "First (plain) comment"}}
    created = linkedin("POST", address, json=body)
    clock.pass_(days=30)

    told = []
    while len(told) % 100 == 0 and (page := linkedin("GET", f"{address}?count=100&start={len(told)}").json()["elements"]):
        told += page
    count = linkedin("GET", f"/rest/socialMetadata/{quote(urn, safe='')}").json()["commentSummary"]["count"]
    stats = statistics(linkedin, shares=[urn]).json()["elements"][0]["totalShareStatistics"]

    assert none_yet == 404
    assert created.status_code == 201
    assert len(told) == len({element["id"] for element in told}) == count == stats["commentCount"] >= 1
    assert "First (plain) comment" in [element["message"]["text"] for element in told]


def test_any_page_may_be_named_in_an_open_sandbox_and_has_a_name(linkedin):
    urn = "urn:li:organization:5515715"

    created = linkedin("POST", "/rest/posts", json=message(urn, "As another page"))
    told = linkedin("GET", "/rest/organizations/5515715").json()

    assert created.status_code == 201
    assert (told["id"], bool(told["localizedName"])) == (5515715, True)


def test_who_is_signed_in_is_told(linkedin):
    assert set(linkedin("GET", "/v2/userinfo").json()) >= {"sub", "name"}
