"""A gate: what stands between the steps of a call and the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.client.steps import Attempt, Reply

__all__ = ["Gate", "through"]


class Gate(Protocol):
    """Sends the attempts of a call, and sits out the waits between them."""

    def send(self, attempt: Attempt, onward: Callable[[Attempt], Reply]) -> Reply:
        """Send an attempt by `onward`, or raise a `CosmatError` and send nothing."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait before the next attempt; may return early."""
        ...


def through(client: MattingClient, gate: Gate) -> MattingClient:
    """Return a client with a gate before each attempt; it shares the connections.

    Parameters
    ----------
    client : MattingClient
        Left as it is.
    gate : Gate
        When it raises instead of sending, a call that has sent nothing yet ends with
        that error, and any other one with its last failure.
    """
    onward = client._send  # noqa: SLF001 - a client of ours
    gated = object.__new__(type(client))
    # Copying goes by pickling, which a client refuses.
    # Its cutouts still fetch their sources by the client itself, past the gate.
    gated.__dict__.update(
        client.__dict__,
        _send=lambda attempt: gate.send(attempt, onward),
        _sleep=gate.sleep,
        _ungated=client,
    )
    return gated
