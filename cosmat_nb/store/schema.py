"""The tables of a store's index."""

from __future__ import annotations

__all__ = ["SCHEMA", "VERSION"]

VERSION = 1
"""Kept in the database as its ``user_version``."""

SCHEMA = """
CREATE TABLE run(
    id TEXT PRIMARY KEY, started REAL, ended REAL, host TEXT, pid INTEGER, service TEXT
) WITHOUT ROWID;
CREATE TABLE answer(
    id INTEGER PRIMARY KEY, asked BLOB NOT NULL, identity TEXT NOT NULL,
    service TEXT, sandbox INTEGER, bucket TEXT, place TEXT, rule TEXT, saved_as TEXT,
    sha256 TEXT, nbytes INTEGER, height INTEGER, width INTEGER, is_empty INTEGER,
    etag TEXT, location TEXT, format TEXT, quality INTEGER,
    request_id TEXT, attempts INTEGER, seconds REAL, intent INTEGER, kept REAL,
    UNIQUE(asked, identity)
);
CREATE INDEX answer_object ON answer(saved_as) WHERE saved_as <> '';
CREATE TABLE intent(
    id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, at REAL NOT NULL,
    asked BLOB NOT NULL, identity TEXT, address_hash TEXT, service TEXT,
    sandbox INTEGER, bucket TEXT, place TEXT, rule TEXT, saved_as TEXT,
    attempt INTEGER, calls INTEGER, price REAL, currency TEXT, budget TEXT
);
CREATE TABLE outcome(
    intent INTEGER PRIMARY KEY REFERENCES intent(id), at REAL NOT NULL,
    billed TEXT NOT NULL CHECK(billed IN ('yes', 'no', 'unknown')),
    status INTEGER, code TEXT, request_id TEXT
);
CREATE TABLE claim(asked BLOB PRIMARY KEY, run TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tally(
    scope TEXT PRIMARY KEY, calls INTEGER NOT NULL, amount REAL NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER intent_stays BEFORE UPDATE ON intent
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER intent_is_kept BEFORE DELETE ON intent
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER outcome_stays BEFORE UPDATE ON outcome
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER outcome_is_kept BEFORE DELETE ON outcome
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""
