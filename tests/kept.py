"""Rows written straight into a store's index, for tests of what reads them."""

from __future__ import annotations

import hashlib

import cosmat_nb as cm
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.database import Database

DAY = 86400.0
PLAIN = cm.MattingOptions()


def insert(folder, table, **row):
    """Insert one row and return its number."""
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    query = f"INSERT INTO {table}({names}) VALUES ({marks})"
    with Database(folder).writing() as connection:
        return connection.execute(query, row).lastrowid


def add_intent(
    folder,
    billed=None,
    *,
    at=0.0,
    run="r",
    place="a.jpg",
    service="cloud",
    options=(PLAIN,),
    attempt=1,
    price=0.02,
    status=200,
    budget="",
):
    """Write an attempt into the ledger, closed when `billed` is told."""
    key = AnswerKey.of_key(service, "b-1", place, options[0])
    rules = "\n".join(one.rule for one in options)
    with Database(folder).writing() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO run VALUES(?, ?, NULL, 'h', 1, ?)",
            (run, at, service),
        )
    intent = insert(
        folder,
        "intent",
        run=run,
        at=at,
        asked=key.asked,
        identity="",
        address_hash="",
        service=service,
        sandbox=key.sandbox,
        bucket="b-1",
        place=place,
        rule=rules,
        saved_as="",
        attempt=attempt,
        calls=len(options),
        price=price,
        currency="CNY",
        budget=budget,
    )
    if billed is not None:
        facts = {"billed": billed, "status": status, "code": "", "request_id": "q"}
        insert(folder, "outcome", intent=intent, at=at + 1, **facts)
    return intent


def add_answer(
    store,
    png,
    place="a.jpg",
    *,
    options=PLAIN,
    service="cloud",
    identity="",
    kept=0.0,
    intent=None,
    saved_as="",
):
    """Keep an answer: its file and its row. Returns the file's SHA-256."""
    key = AnswerKey.of_key(service, "b-1", place, options, identity, saved_as)
    sha256 = "" if saved_as else store.keep(png)
    insert(
        store.folder,
        "answer",
        asked=key.asked,
        identity=identity,
        service=service,
        sandbox=key.sandbox,
        bucket="b-1",
        place=place,
        rule=options.rule,
        saved_as=saved_as,
        sha256=sha256,
        nbytes=len(png),
        height=3,
        width=5,
        is_empty=False,
        etag="e",
        location="",
        format="",
        quality=None,
        request_id="q",
        attempts=1,
        seconds=0.5,
        intent=intent,
        kept=kept,
    )
    return sha256


def path_of(store, sha256):
    """Return where the store keeps that file."""
    return store.folder / sha256[:2] / f"{sha256}.png"


def sha256_of(png):
    """Return the SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(png).hexdigest()
