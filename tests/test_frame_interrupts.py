"""Keyboard interrupts are counted while a batch is at work, and as before after it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from cosmat_nb.frame.interrupts import counted_interrupts


def interrupt():
    """Interrupt the main thread, as a keyboard does."""
    os.kill(os.getpid(), signal.SIGINT)


def test_interrupts_are_counted_and_not_raised():
    """Each one is in the list; nothing is thrown into the code inside."""
    with counted_interrupts() as interrupts:
        interrupt()
        interrupt()
        assert len(interrupts) == 2


def test_interrupts_are_raised_again_afterwards():
    """The handler of before is back, also after an error inside."""
    before = signal.getsignal(signal.SIGINT)

    def fail():
        with counted_interrupts():
            assert signal.getsignal(signal.SIGINT) is not before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupts_are_left_alone_in_other_threads():
    """Outside the main thread there is nothing to catch, and nothing fails."""
    before, seen = signal.getsignal(signal.SIGINT), []

    def elsewhere():
        with counted_interrupts() as interrupts:
            seen.append((interrupts, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [([], before)]


def test_ignored_interrupts_stay_ignored():
    """A process started in the background does not begin to listen."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with counted_interrupts() as interrupts:
            interrupt()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert interrupts == []
    finally:
        signal.signal(signal.SIGINT, before)
