"""One service under test: what it offers, the sound calls that were made to it, and calls that differ from them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from kneecds.conformance import changes, requests, templates
from kneecds.conformance.client import NoAnswer
from kneecds.conformance.listener import Asked, Listener
from kneecds.conformance.result import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.client import Client
    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.target import Target

MOST_SERVICES: Final = 50
"""More are not called."""

ACCESS_TOKEN = "conformance-access-token"  # noqa: S105 - opens nothing


class Offered(NamedTuple):
    """One service of the discovery whose hook the suite can call."""

    id: str
    hook: str
    prefetch: dict[str, str]
    url: str

    def __str__(self) -> str:
        """Name it."""
        return f"{self.id} ({self.hook})"


class Call(NamedTuple):
    """A call of a service."""

    offered: Offered
    request: Json
    exchange: Exchange


class Fetching(NamedTuple):
    """A call without prefetch, and what the service asked of the FHIR server that it was given."""

    call: Call
    asked: tuple[Asked, ...]


class Suite:
    """Makes each call once, when a check first needs it."""

    def __init__(self, target: Target, client: Client) -> None:
        """Call nothing yet."""
        self.target = target
        self.client = client
        self._made: dict[tuple[str, str], Call] = {}
        self._once: dict[str, Exchange] = {}
        self._unanswered: dict[tuple[str, str], NoAnswer] = {}

    @cached_property
    def who(self) -> requests.Who:
        """Return of whom the calls are."""
        return requests.Who.of(self.target.context, self.target.now().date())

    @property
    def discovery(self) -> Exchange:
        """Ask which services there are."""
        return self.once("discovery", lambda: self.client.get(self.target.discovery))

    @property
    def described(self) -> list[Any]:
        """Return the entries of the discovery; Unseen if there are none."""
        document = self.discovery.document
        services = document.get("services") if isinstance(document, dict) else None
        if not isinstance(services, list) or not services:
            msg = "discovery lists no service"
            raise Unseen(msg)
        return services

    @cached_property
    def offered(self) -> tuple[Offered, ...]:
        """Return the services that can be called; Unseen if none can."""
        named = {str(one): one for one in map(self._offered, self.described) if one is not None}
        found = tuple(named.values())[:MOST_SERVICES]  # one that is listed twice is called once
        if not found:
            msg = "discovery lists no service whose hook the suite can call; give a request with --request"
            raise Unseen(msg)
        return found

    def _offered(self, entry: Any) -> Offered | None:  # noqa: ANN401 - whatever the service sent
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"]:
            return None
        hook, wanted = entry.get("hook"), entry.get("prefetch")
        if not isinstance(hook, str) or (hook not in requests.CONTEXTS and not self._own(hook)):
            return None
        if self.target.services and entry["id"] not in self.target.services:
            return None
        known = {k: v for k, v in wanted.items() if isinstance(v, str)} if isinstance(wanted, dict) else {}
        return Offered(entry["id"], hook, known, f"{self.target.discovery}/{quote(entry['id'], safe='')}")

    def _own(self, hook: str) -> Json | None:
        return next((one for one in self.target.requests if one.get("hook") == hook), None)

    def sound_request(self, offered: Offered) -> Json:
        """Return a request that keeps every rule: the site's own if it gave one."""
        own = self._own(offered.hook)
        if own is not None:
            return changes.copied(own) | {"hookInstance": self.target.fresh()}
        about = requests.context(offered.hook, self.who)
        given = requests.prefetch(offered.prefetch, about, self.who.record()) or None
        return requests.request(offered.hook, self.target.fresh(), about, given, self.target.fhir_server)

    @cached_property
    def sound(self) -> tuple[Call, ...]:
        """Call every service as it wants to be called."""
        return tuple(self.changed("sound", one, lambda request: request) for one in self.offered)

    @cached_property
    def answered(self) -> tuple[Call, ...]:
        """Return the sound calls that were answered with success; Unseen if none was."""
        found = tuple(call for call in self.sound if call.exchange.status == 200)  # noqa: PLR2004
        if not found:
            seen = sorted({call.exchange.status for call in self.sound})
            msg = f"no sound call was answered with 200 (seen: {', '.join(map(str, seen))})"
            raise Unseen(msg)
        return found

    @property
    def advised(self) -> tuple[Call, ...]:
        """Return the sound calls that were answered with cards; Unseen if none was."""
        found = tuple(call for call in self.answered if call.exchange.cards)
        if not found:
            msg = "no sound call was answered with a card"
            raise Unseen(msg)
        return found

    def called_with(self, field: str) -> list[Call]:
        """Return the answered calls whose context has a field, all for no field; Unseen if there is none."""
        found = [call for call in self.answered if not field or field in call.request["context"]]
        if not found:
            msg = f"no service is called with context.{field}"
            raise Unseen(msg)
        return found

    def changed(self, name: str, offered: Offered, change: Callable[[Json], Json]) -> Call:
        """Make a call that differs from the sound one, once."""
        key = (name, str(offered))
        if key in self._unanswered:
            raise self._unanswered[key]
        if key not in self._made:
            try:
                self._made[key] = self.call(offered, change(self.sound_request(offered)))
            except NoAnswer as why:
                self._unanswered[key] = why
                raise
        return self._made[key]

    def once(self, name: str, send: Callable[[], Exchange]) -> Exchange:
        """Send something, once."""
        key = (name, "")
        if key in self._unanswered:
            raise self._unanswered[key]
        if name not in self._once:
            try:
                self._once[name] = send()
            except NoAnswer as why:
                self._unanswered[key] = why
                raise
        return self._once[name]

    def call(self, offered: Offered, request: Json | bytes, **given: Any) -> Call:  # noqa: ANN401 - as the client has it
        """Call a service."""
        sent: Json = request if isinstance(request, dict) else {}
        return Call(offered, sent, self.client.post(offered.url, request, **given))

    def keyed(self) -> Iterator[tuple[Call, str, Any]]:
        """Yield each sound call that was answered, with each key of its prefetch and the value that was sent."""
        calls = [call for call in self.answered if isinstance(call.request.get("prefetch"), dict)]
        if not any(call.request["prefetch"] for call in calls):
            msg = "no service that was answered has prefetch"
            raise Unseen(msg)
        for call in calls:
            for key, value in call.request["prefetch"].items():
                yield call, key, value

    @cached_property
    def fetching(self) -> Fetching:
        """Call without prefetch and with a FHIR server that has the record; Unseen if no service asks it."""
        record = self.who.record()

        def held(asked: Asked) -> bytes:
            path = asked.path.removeprefix("/fhir/")
            if asked.method == "POST":
                path = f"{path.removesuffix('/_search')}?{asked.body}"
            found = templates.answer(path, record)
            return msgspec.json.encode(found or templates.bundle(()))

        with Listener(held, self.target.listen) as server:
            allowed = requests.authorization(ACCESS_TOKEN, self.who.patient)
            for offered in self.offered:
                request = changes.at(self.sound_request(offered), "prefetch", changes.GONE)
                request |= {"fhirServer": f"{server.url}/fhir", "fhirAuthorization": allowed}
                call = self.call(offered, request)
                if server.asked:
                    return Fetching(call, tuple(server.asked))
        msg = "no service asked the FHIR server of the suite, on 127.0.0.1; fix its port with --listen and allow it"
        raise Unseen(msg)
