"""The protocol core driven by hand: replies are made up, time stands still."""

from __future__ import annotations

from scripted import ADDRESS, KEYS

from cosmat_nb import errors
from cosmat_nb.client.keyring import Keyring
from cosmat_nb.client.protocol import Speaker
from cosmat_nb.client.retry import Retry
from cosmat_nb.client.server_time import ServerTime
from cosmat_nb.client.steps import Reply, Wait
from cosmat_nb.client.verbs import Verbs
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.limits import Limits

ENDPOINT = "http://127.0.0.1:8791"


def reply(status, body=b"", **headers):
    """Build a reply; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=body)


def refusal(status, code, message="Reason.", **headers):
    """Build a reply with the service's error document."""
    return reply(status, ErrorDocument(code=code, message=message).to_xml(), **headers)


def make_speaker(time, credentials=KEYS, **retry):
    """Make a speaker that lives by a `scripted.Time` and draws half of each wait."""
    told = ServerTime(time.clock.now)
    return Speaker(
        host=ADDRESS.host,
        keys=Keyring(credentials, told.now),
        time=told,
        retry=Retry(**{"draw": lambda: 0.5, **retry}),
        clock=time.clock,
    )


def make_verbs(time, credentials=KEYS, *, limits=Limits(), private_urls=False):
    """Make the verbs of a client without its driver."""
    return Verbs(
        speaker=make_speaker(time, credentials),
        address=ADDRESS,
        endpoint=ENDPOINT,
        limits=limits,
        private_urls=private_urls,
        service="cloud",
    )


def play(steps, outcomes, time, spent=0.0):
    """Play a driver: return the end of a call, its attempts and its waits."""
    attempts, waits = [], []
    outcomes = iter(outcomes)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait):
                waits.append(step.seconds)
                time.sleep(step.seconds)
                step = next(steps)
                continue
            attempts.append(step)
            outcome = next(outcomes)
            time.seconds += min(spent, step.seconds)
            if isinstance(outcome, Exception):
                step = steps.throw(outcome)
            else:
                step = steps.send(outcome)
    except StopIteration as stop:
        return stop.value, attempts, waits
    except errors.CosmatError as error:
        return error, attempts, waits
