from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from fhir_server import FhirServer, reply, serving
from hook_calls import AWAY, PATIENT, Json, found, observation, sent, view

from kneecds.cdshooks.prefetch import supplies
from kneecds.cdshooks.record import Lacking, record
from kneecds.cdshooks.services import find
from kneecds.cdshooks.wire import read_request
from kneecds.errors import InputError, UsageError
from kneecds.service.fhir_client import FhirClient, Limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kneecds.cdshooks.model import HookRequest, Supply

VIEW = "kneecds-assessment"
SERVICE = find(VIEW, "patient-view")
# waiting is generous, for machines that are busy, but where waiting is what is tried
CALM = Limits(connect_seconds=5, read_seconds=5, total_seconds=20, max_bytes=100_000, max_pages=4, max_resources=50)
HASTY = msgspec.structs.replace(CALM, read_seconds=0.5, total_seconds=1)
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "throttled", "diagnostics": "Martha"}],
}


def asking(server: str, **changes: Any) -> HookRequest:
    return read_request(sent(view(**{"fhirServer": server, "prefetch": AWAY, **changes})), VIEW)


def run(script: Callable[[FhirServer, FhirClient], Awaitable[None]], *, limits: Limits = CALM, **options: Any) -> None:
    async def all_of_it() -> None:
        async with serving() as server:
            sound(server)
            async with FhirClient([server.base], limits=limits, **options) as client:
                await script(server, client)

    asyncio.run(all_of_it())


def sound(server: FhirServer) -> None:
    """Let a server answer everything well."""
    server.answers["/Patient/p1"] = reply(PATIENT)
    server.answers["/Observation"] = reply(found(observation()))
    for kind in ("QuestionnaireResponse", "Condition", "MedicationRequest", "AllergyIntolerance", "Procedure"):
        server.answers[f"/{kind}"] = reply(found())


async def filled(client: FhirClient, request: HookRequest) -> dict[str, Supply]:
    assert SERVICE is not None
    result = await client.fill(SERVICE, request, supplies(SERVICE, request))
    assert [one.query for one in result] == list(SERVICE.queries)
    assert not any("Martha" in one.note or "secret" in one.note or "p1" in one.note for one in result)
    return {one.query.key: one for one in result}


def test_what_was_not_supplied_is_fetched() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        request = asking(server.base)
        result = await filled(client, request)
        assert {key: one.state for key, one in result.items()} == {
            "patient": "given", "observations": "given", "responses": "nothing", "conditions": "nothing",
            "medicines": "nothing", "procedures": "nothing", "allergies": "nothing",
        }  # fmt: skip
        assert all(one.fetched for one in result.values())
        assert not record(tuple(result.values()), request).missing
        assert "/Observation?patient=p1&_sort=-date&_count=200" in server.paths
        assert {headers["authorization"] for _, headers in server.asked} == {"Bearer secret-token"}

    run(script)


def test_what_was_supplied_is_not_asked_for() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        prefetch = {"patient": PATIENT, "observations": None, "conditions": found(), "medicines": OUTCOME}
        result = await filled(client, asking(server.base, prefetch=prefetch))
        assert {path.partition("?")[0] for path in server.paths} == {
            "/QuestionnaireResponse",
            "/AllergyIntolerance",
            "/Procedure",
        }
        assert (result["medicines"].state, result["medicines"].fetched) == ("failed", False)

    run(script)


def test_a_required_query_that_failed_is_asked_again() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        result = await filled(client, asking(server.base, prefetch={"patient": PATIENT, "observations": OUTCOME}))
        assert result["observations"].state == "given"
        server.answers["/Observation"] = reply(OUTCOME, 500)
        result = await filled(client, asking(server.base, prefetch={"patient": PATIENT, "observations": OUTCOME}))
        assert result["observations"].note == (
            "the query failed (throttled); then the FHIR server answered with status 500 (throttled)"
        )

    run(script)


def test_with_everything_supplied_nobody_is_asked() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        assert SERVICE is not None
        prefetch = {query.key: None for query in SERVICE.queries} | {"patient": PATIENT}
        await filled(client, asking(server.base, prefetch=prefetch))
        assert not server.asked

    run(script)


# who is asked


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fhirServer": AWAY, "fhirAuthorization": AWAY}, "no FHIR server was named"),
        ({"fhirServer": "https://other.example/fhir"}, "not one that may be asked"),
        ({"fhirAuthorization": AWAY}, "no access token"),
    ],
)  # fmt: skip
def test_whoever_may_not_be_asked_is_not(changes: Json, why: str) -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        result = await filled(client, asking(server.base, **changes))
        assert {one.state for one in result.values()} == {"not_supplied"}
        assert all(why in one.note for one in result.values())
        assert not server.asked

    run(script)


@pytest.mark.parametrize("written", ["{base}", "{base}/", "HTTP://127.0.0.1:{port}/fhir"])
def test_a_base_is_the_same_however_it_is_written(written: str) -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        result = await filled(client, asking(written.format(base=server.base, port=server.port)))
        assert result["patient"].state == "given"

    run(script)


@pytest.mark.parametrize(
    "written",
    [
        "{base}/other",
        "http://localhost:{port}/fhir",
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}/fhir",
        "http://127.0.0.1:{port}/fhir/..",
    ],
)
def test_another_base_is_another(written: str) -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        result = await filled(client, asking(written.format(base=server.base, port=server.port)))
        assert result["patient"].state == "not_supplied"
        assert not server.asked

    run(script)


@pytest.mark.parametrize(
    "url",
    ["", "fhir", "ftp://ehr.example", "http://ehr.example/fhir", "https://a:b@ehr.example", "https://ehr.example?x=1"],
)
def test_a_list_of_servers_has_sound_urls_only(url: str) -> None:
    with pytest.raises(UsageError):
        FhirClient([url])


def test_test_servers_without_tokens_can_be_allowed() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        result = await filled(client, asking(server.base, fhirAuthorization=AWAY))
        assert result["patient"].state == "given"
        assert not any("authorization" in headers for _, headers in server.asked)

    run(script, without_token=True)


# what goes wrong


async def slow(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(400):
        writer.write(b"{")
        await writer.drain()
        await asyncio.sleep(0.05)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        writer.write(b"2800\r\n" + b" " * 0x2800 + b"\r\n")
        await writer.drain()


WHOLE = sent(found(observation()))
BOMB = gzip.compress(b" " * 50_000_000)

FAULTS = [
    pytest.param(slow, "did not answer in time", id="slow"),
    pytest.param(drip, "did not answer in time", id="a byte at a time"),
    pytest.param(hang_up, "broke off", id="hangs up"),
    pytest.param(b"nonsense\r\n\r\n", "broke off", id="no HTTP"),
    pytest.param(reply(WHOLE[:-9], Content_Length=str(len(WHOLE))), "broke off", id="less than announced"),
    pytest.param(reply(WHOLE[:-9]), "cannot be read", id="truncated JSON"),
    pytest.param(reply(b""), "cannot be read", id="empty"),
    pytest.param(reply(b"<html>Martha</html>", kind="text/html"), "not JSON", id="HTML"),
    pytest.param(reply(b"<html>Martha</html>"), "cannot be read", id="HTML that claims to be FHIR"),
    pytest.param(reply(WHOLE, kind="application/fhir+xml"), "not JSON", id="XML"),
    pytest.param(reply(b" " * 200_000), "too large", id="announced as too large"),
    pytest.param(endless, "too large", id="too large without announcement"),
    pytest.param(reply(BOMB, Content_Encoding="gzip"), "too large", id="a gzip bomb"),
    pytest.param(reply(WHOLE, Content_Encoding="gzip"), "cannot be unpacked", id="not gzip"),
    pytest.param(reply(gzip.compress(WHOLE)[:-12], Content_Encoding="gzip"), "broke off", id="half of a gzip"),
    pytest.param(reply(WHOLE, Content_Encoding="br"), "not asked for", id="packed otherwise"),
    pytest.param(reply(OUTCOME), "the query failed (throttled)", id="an outcome with status 200"),
    pytest.param(reply(observation()), "not a Bundle", id="a resource for a search"),
    pytest.param(reply(PATIENT | {"resourceType": "Bundle", "type": "history"}), "not the result of a search", id="a history"),
    pytest.param(reply(OUTCOME, 401), "did not take the access token (401) (throttled)", id="401"),
    pytest.param(reply(OUTCOME, 403), "does not allow it (403)", id="403"),
    pytest.param(reply(OUTCOME, 404), "does not know it (404)", id="404"),
    pytest.param(reply(b"", 410), "deleted it (410)", id="410"),
    pytest.param(reply(OUTCOME, 429), "too much (429)", id="429"),
    pytest.param(reply(b"Martha", 500, kind="text/plain"), "status 500", id="500"),
    pytest.param(reply(b"", 204), "status 204", id="204"),
    pytest.param(reply(b"", 999), "status 999", id="a status nobody knows"),
    pytest.param(reply(b" " * 100_000, 503), "status 503", id="a large 503"),
    pytest.param(reply(b"", 302, Location="https://elsewhere.example/"), "sends elsewhere", id="redirect elsewhere"),
    pytest.param(reply(b"", 307, Location="/fhir/Patient/p1"), "sends elsewhere", id="redirect here"),
    pytest.param(reply(b"", 302, Location="http://[x"), "sends elsewhere", id="redirect nowhere"),
    pytest.param(reply(b"", 302), "sends elsewhere", id="redirect without address"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "note"), FAULTS)
def test_whatever_goes_wrong_makes_data_unknown_and_passes(fault: Any, note: str) -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = fault
        request = asking(server.base)
        result = await filled(client, request)
        assert (result["observations"].state, result["observations"].resources) == ("failed", ())
        assert note in result["observations"].note
        assert result["patient"].state == "given" or fault in (slow, drip)
        with pytest.raises(Lacking, match="symptoms, signs"):
            record(tuple(result.values()), request)
        sound(server)
        for _ in range(10):  # a hasty client may miss an answer of a busy machine
            again = await filled(client, request)
            if "failed" not in {one.state for one in again.values()}:
                break
        assert record(tuple(again.values()), request).missing == ()

    run(script, limits=HASTY if fault in (slow, drip) else CALM)


def test_a_bomb_is_not_unpacked() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = reply(BOMB, Content_Encoding="gzip")
        tracemalloc.start()
        await filled(client, asking(server.base))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 10_000_000

    run(script)


def test_a_server_that_is_down_and_comes_back() -> None:
    async def script() -> None:
        async with serving() as first:
            port, base = first.port, first.base
        async with FhirClient([base], limits=CALM) as client:
            result = await filled(client, asking(base))
            assert {one.state for one in result.values()} == {"failed"}
            assert all("could not be reached" in one.note for one in result.values())
            again = FhirServer()
            sound(again)
            running = await asyncio.start_server(again.answer, "127.0.0.1", port)
            async with running:
                result = await filled(client, asking(base))
            assert "failed" not in {one.state for one in result.values()}

    asyncio.run(script())


def test_the_wrong_patient_is_noticed() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        request = asking(server.base)
        for path, wrong in (
            ("/Patient/p1", reply(PATIENT | {"id": "p2"})),
            ("/Observation", reply(found(observation(subject={"reference": "Patient/p2"})))),
        ):
            sound(server)
            server.answers[path] = wrong
            with pytest.raises(InputError):
                record(tuple((await filled(client, request)).values()), request)

    run(script)


def test_no_cookie_is_kept_from_one_call_to_the_next() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Patient/p1"] = reply(PATIENT, Set_Cookie="who=martha; Path=/")
        await filled(client, asking(server.base))
        await filled(client, asking(server.base))
        assert not any("cookie" in headers for _, headers in server.asked)

    run(script)


# pages


def page(server: FhirServer, number: int, following: str | None, **members: Any) -> bytes:
    link = (
        [] if following is None else [{"relation": "next", "url": following.format(base=server.base, port=server.port)}]
    )
    return reply(found(observation(f"o{number}"), **members, **({"link": link} if link else {})))


def test_all_pages_are_read() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = page(server, 1, "{base}?page=2", total=3)
        server.answers["?page=2"] = page(server, 2, "{base}/Observation?page=3", total=3)
        server.answers["/Observation?page=3"] = page(server, 3, None)
        result = (await filled(client, asking(server.base)))["observations"]
        assert (len(result.resources), len(result.urls), result.next_page, result.note) == (3, 3, "", "")

    run(script)


def test_further_pages_of_what_was_sent_are_fetched() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["?page=2"] = page(server, 2, None)
        link = [{"relation": "next", "url": f"{server.base}?page=2"}]
        prefetch = {"patient": PATIENT, "observations": found(observation(), link=link)}
        result = (await filled(client, asking(server.base, prefetch=prefetch)))["observations"]
        assert (len(result.resources), result.next_page) == (2, "")
        assert not any(path.startswith("/Observation") for path in server.paths)

    run(script)


def test_a_page_that_names_the_next_relative_to_itself() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = page(server, 1, "Observation?page=2")
        server.answers["/Observation?page=2"] = page(server, 2, None)
        assert len((await filled(client, asking(server.base)))["observations"].resources) == 2

    run(script)


@pytest.mark.parametrize(
    ("following", "note"),
    [
        ("https://elsewhere.example/fhir?page=2", "under the FHIR server's base"),
        ("http://127.0.0.1:1/fhir?page=2", "under the FHIR server's base"),
        ("http://127.0.0.1:{port}/admin", "under the FHIR server's base"),
        ("http://127.0.0.1:{port}/fhirx?page=2", "under the FHIR server's base"),
        ("{base}/../admin", "under the FHIR server's base"),
        ("{base}/%2e%2e/admin", "under the FHIR server's base"),
        ("{base}//elsewhere.example/", "under the FHIR server's base"),
        ("//elsewhere.example/fhir", "under the FHIR server's base"),
        ("../../admin", "under the FHIR server's base"),
        ("http://a:b@127.0.0.1:{port}/fhir?page=2", "under the FHIR server's base"),
        ("file:///etc/passwd", "under the FHIR server's base"),
        ("{base}/Observation?patient=p1&_sort=-date&_count=200", "in a circle"),
        ("{base}?gone", "does not know it (404)"),
        ("{base}?html", "not JSON"),
        ("{base}?other", "not a Bundle"),
        ("{base}?slow", "in time"),
    ],
)  # fmt: skip
def test_what_a_further_page_may_not_be(following: str, note: str) -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = page(server, 1, following)
        server.answers["?html"] = reply(b"<p>", kind="text/html")
        server.answers["?other"] = reply(PATIENT)
        server.answers["?slow"] = slow
        request = asking(server.base)
        result = await filled(client, request)
        one = result["observations"]
        assert (one.state, len(one.resources)) == ("given", 1)
        assert one.next_page
        assert note in one.note
        assert "/admin" not in server.paths
        said = record(tuple(result.values()), request).issues
        assert ("bundle-page", "Request.prefetch.observations") in {(issue.rule, issue.expression) for issue in said}

    run(script, limits=HASTY if "slow" in following else msgspec.structs.replace(CALM, max_pages=10))


def test_pages_in_a_wider_circle() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = page(server, 1, "{base}?page=2")
        server.answers["?page=2"] = page(server, 2, "{base}?page=3")
        server.answers["?page=3"] = page(server, 3, "{base}?page=2")
        one = (await filled(client, asking(server.base)))["observations"]
        assert (len(one.resources), "in a circle" in one.note) == (3, True)

    run(script)


def test_endless_pages_end() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        server.answers["/Observation"] = page(server, 0, "{base}?page=1")
        for number in range(1, 20):
            server.answers[f"?page={number}"] = page(server, number, f"{{base}}?page={number + 1}")
        one = (await filled(client, asking(server.base)))["observations"]
        assert (len(one.resources), one.note) == (4, "it has more than 4 pages or 50 resources")
        assert one.next_page == f"{server.base}?page=4"

    run(script)


def test_the_bytes_of_all_pages_are_bounded_together() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        big = {"note": [{"text": "x" * 40_000}]}
        for path, number in (("/Observation", 1), ("?page=2", 2), ("?page=3", 3)):
            link = [{"relation": "next", "url": f"{server.base}?page={number + 1}"}]
            server.answers[path] = reply(found(observation(f"o{number}", **big), link=link))
        one = (await filled(client, asking(server.base)))["observations"]
        assert (len(one.resources), one.note) == (2, "the answer of the FHIR server is too large")

    run(script)


def test_questions_under_way_are_bounded() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        async def soon(writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.01)
            writer.write(reply(found()))
            await writer.drain()

        for path in [path for path in server.answers if path != "/Patient/p1"]:
            server.answers[path] = soon
        request = asking(server.base)
        results = await asyncio.gather(*[filled(client, request) for _ in range(5)])
        assert {one.state for result in results for one in result.values()} == {"given", "nothing"}
        assert server.most_open <= 3

    run(script, limits=msgspec.structs.replace(CALM, concurrency=2))


def test_one_call_has_one_deadline_whatever_it_needs() -> None:
    async def script(server: FhirServer, client: FhirClient) -> None:
        for path in server.answers:
            server.answers[path] = slow
        result = await filled(client, asking(server.base))
        assert {(one.state, one.note) for one in result.values()} == {
            ("failed", "the FHIR server did not answer in time")
        }

    run(script, limits=msgspec.structs.replace(CALM, concurrency=1, total_seconds=0.3))
