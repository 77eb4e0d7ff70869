"""The two drivers: they do what the steps of a call ask for, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cosmat_nb import errors
from cosmat_nb.client.steps import Attempt, Reply, Steps, Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["drive", "drive_awaiting"]

T = TypeVar("T")


def drive(
    steps: Steps[T], send: Callable[[Attempt], Reply], sleep: Callable[[float], None]
) -> T:
    """Run a call to its end.

    Parameters
    ----------
    steps : Steps
        From `cosmat_nb.client.verbs.Verbs`.
    send : callable
        Sends an attempt and returns the whole reply.
    sleep : callable
        Waits for so many seconds.
    """
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait):
                sleep(step.seconds)
                step = next(steps)
                continue
            try:
                reply = send(step)
            except errors.CosmatError as error:
                step = steps.throw(error)
            else:
                step = steps.send(reply)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def drive_awaiting(
    steps: Steps[T],
    send: Callable[[Attempt], Awaitable[Reply]],
    sleep: Callable[[float], Awaitable[None]],
) -> T:
    """Run a call to its end, awaiting each step; as `drive`."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait):
                await sleep(step.seconds)
                step = next(steps)
                continue
            try:
                reply = await send(step)
            except errors.CosmatError as error:
                step = steps.throw(error)
            else:
                step = steps.send(reply)
    except StopIteration as stop:
        value: T = stop.value
        return value
