"""The service that the open questions are put to: the emulator, or an account's."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field

from asker import Asker

from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials

MOST_PAID = 20
"""Matting calls that one run on an account may ask for; others paid 0.02 CNY each."""

_NEEDED = ("BUCKET", "REGION", "SECRET_ID", "SECRET_KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One question: what is assumed, and what was seen."""

    switch: str
    question: str
    assumed: object
    seen: object
    beside: str = ""

    def __str__(self):
        verdict = "as assumed" if self.seen == self.assumed else "OTHERWISE"
        told = f"assumed {self.assumed!r}, seen {self.seen!r}: {verdict}"
        more = f" ({self.beside})" if self.beside else ""
        return f"{self.switch:20} {self.question}: {told}{more}"


@dataclass(slots=True, kw_only=True)
class Service:
    """A bucket to experiment in: everything below one random prefix.

    Attributes
    ----------
    asker : Asker
        Signs and sends, each request once.
    name : str
        "emulator" or "live".
    prefix : str
        In front of every key; what is there is deleted at the end.
    paid : int
        Matting calls so far, refused ones too; never more than `MOST_PAID`.
    seen : list of Observation
        The answers.
    """

    asker: Asker
    name: str
    prefix: str = field(default_factory=lambda: f"cosmat-{secrets.token_hex(8)}/")
    paid: int = 0
    seen: list = field(default_factory=list)

    def pay(self, calls=1):
        """Count matting calls before they are sent, and stop at the bound."""
        assert self.paid + calls <= MOST_PAID, f"over {MOST_PAID} paid calls"
        self.paid += calls

    def put(self, name, data):
        """Store a picture and return its key; free of matting."""
        key = self.prefix + name
        answer = self.asker.ask("PUT", key, body=data)
        assert answer.status == 200, f"cannot store {key}: {answer.status}"
        return key

    def cut(self, key="", params=None, **asked):
        """Ask for one cutout."""
        self.pay()
        return self.asker.cut(key, params, **asked)

    def process(self, key, *rules, encode=str):
        """Ask for results in the cloud: pairs of save-as and layout."""
        self.pay(len(rules))
        return self.asker.process(key, encode(self._operations(rules)))

    def upload(self, name, data, *rules):
        """Upload a picture and ask for one result."""
        self.pay(len(rules))
        return self.asker.upload(self.prefix + name, data, self._operations(rules))

    def exists(self, name):
        """Tell whether something was kept; free of matting."""
        return self.asker.ask("HEAD", self.prefix + name).status == 200

    def settle(self, switch, question, assumed, seen, beside=""):
        """Record and print an answer; fail when it is not what is assumed."""
        observation = Observation(
            switch=switch, question=question, assumed=assumed, seen=seen, beside=beside
        )
        self.seen.append(observation)
        print(observation)  # noqa: T201 - it is what the run is for
        assert seen == assumed, (
            f"{question}: {self.name} answers {seen!r}; "
            f"Assumptions.{switch} has {assumed!r} as its default {beside}"
        )

    def clear(self):
        """Delete everything below the prefix; refuse to believe that it worked."""
        for key in self._keys():
            self.asker.ask("DELETE", key)
        left = list(self._keys())
        assert not left, f"delete these by hand: {left}"

    def _keys(self):
        answer = self.asker.ask("GET", params={"prefix": self.prefix})
        return [info.key for info in answer.listing.contents]

    def _operations(self, rules):
        listed = [
            {
                "fileid": f"/{self.prefix}{name}",
                "rule": f"ci-process=AIPicMatting{layout}",
            }
            for name, layout in rules
        ]
        return json.dumps({"is_pic_info": 0, "rules": listed})


def why_not_live():
    """Say why no account is asked; empty when one is."""
    if os.environ.get("CI"):
        return "an account is never asked in CI"
    missing = [f"COSMAT_LIVE_{name}" for name in _NEEDED if not _setting(name)]
    return f"asks no account: set {', '.join(missing)}" if missing else ""


def live_service():
    """Reach the account that the environment names.

    ``COSMAT_LIVE_ENDPOINT`` may lead elsewhere, to try this file on `cosmat serve`.
    """
    address = Address(_setting("BUCKET"), _setting("REGION"))
    asker = Asker(
        endpoint=_setting("ENDPOINT") or f"https://{address.host}",
        address=address,
        credentials=Credentials(
            _setting("SECRET_ID"), _setting("SECRET_KEY"), _setting("TOKEN")
        ),
    )
    return Service(asker=asker, name="live")


def _setting(name):
    return os.environ.get(f"COSMAT_LIVE_{name}", "")
