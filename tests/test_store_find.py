"""Answers looked up: what counts as the same question, and what as still there."""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import answer, claim, make_key, make_png

import cosmat_nb as cm
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.claims import Job

texts = st.text(st.sampled_from("ab:1\n/é"), max_size=4)
optionses = st.sampled_from([cm.MattingOptions(), cm.MattingOptions(center=True)])
answer_keys = st.builds(
    AnswerKey,
    service=texts,
    bucket=texts,
    place=texts,
    options=optionses,
    saved_as=texts,
)


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return cm.Store(tmp_path / "s")


def put(store, *keys):
    """Keep an answer for each key, told apart by its number, one after the other."""
    with store.open_run("cloud") as run:
        for number, key in enumerate(keys):
            # Straight to the ticket: what is there already would only be found.
            ticket = claim(run, key._replace(place=f"draft {number}"))[0]
            ticket.job = Job((key,))
            answer(run, ticket, number)
    return store


def numbers(store, *keys):
    """Look keys up; return the number of each answer, None for none."""
    known = {make_png(number): number for number in range(20)}
    return [found and known[found.png] for found in store.find(keys)]


def test_each_part_of_a_question_matters(store):
    """Another service, bucket, place, option or result is another question."""
    key = make_key()
    others = [
        key._replace(service="emulator cosmat 1"),
        key._replace(bucket="c-1250000000"),
        key._replace(place="A.jpg"),
        key._replace(options=cm.MattingOptions(padding=(1, 0))),
        AnswerKey.of_address("cloud", "https://h/a.jpg", key.options),
    ]
    put(store, key, *others)
    assert numbers(store, *others, key) == [1, 2, 3, 4, 5, 0]
    assert store.find([key._replace(saved_as="b/a.png")]) == [None]


def test_two_addresses_differ_by_their_queries(store):
    """The query is part of the question, and is told apart by its hash alone."""
    one, two = (
        AnswerKey.of_address("cloud", f"https://h/a.jpg?v={n}", cm.MattingOptions())
        for n in (1, 2)
    )
    assert one.place == two.place == "https://h/a.jpg"
    put(store, one)
    assert numbers(store, one, two) == [0, None]


def test_identities_differ_only_when_both_are_known(store):
    """A known one finds the same, else an unknown one; an unknown one the newest."""

    def key(identity):
        return make_key(identity=identity)

    put(store, key("one"))
    assert numbers(store, key("one"), key("two"), key("")) == [0, None, 0]
    put(store, key("one"), key("two"), key(""), key("three"))
    asked = [key(name) for name in ("one", "two", "three", "four", "")]
    assert numbers(store, *asked) == [0, 1, 3, 2, 3]


def test_a_newer_answer_takes_the_place_of_an_older_one(store):
    """One question and identity has one answer, the last one kept."""
    put(store, make_key(), make_key())
    assert numbers(store, make_key()) == [1]
    assert len(store.to_frame()) == 1


def test_a_file_that_is_gone_or_cut_is_not_found(store):
    """The index alone is not believed; an older answer that is whole still counts."""
    put(store, make_key(identity="old"), make_key(identity="new"))
    (newest,) = store.find([make_key()])
    newest.path.write_bytes(newest.png[:-1])
    assert numbers(store, make_key()) == [0]
    assert numbers(store, make_key(identity="new")) == [None]
    newest.path.unlink()
    assert numbers(store, make_key()) == [0]


def test_many_keys_are_found_in_order(store):
    """More than one query's worth, with gaps and repeats; options are shared."""
    keys = [make_key(f"{number}.jpg") for number in range(1300)]
    with store.open_run("cloud") as run:
        for start in range(0, 1300, 26):
            for ticket in claim(run, *keys[start : start + 26 : 2]):
                answer(run, ticket, 3)
    found = store.find([*keys, *keys[:2]])
    assert [each is not None for each in found] == [n % 2 == 0 for n in range(1302)]
    places = [each.place for each in found if each]
    assert places == [f"{n}.jpg" for n in range(0, 1300, 2)] + ["0.jpg"]
    assert {id(each.options) for each in found if each} == {id(keys[0].options)}
    assert store.find([]) == []


def test_a_store_and_its_answers_cross_a_process_border(store):
    """Pickled, a store is its folder; another process finds what this one kept."""
    put(store, make_key())
    again = pickle.loads(pickle.dumps(store))
    assert again.folder == store.folder
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        ((found,),) = [pool.apply(store.find, ([make_key()],))]
    assert found == store.find([make_key()])[0]


@settings(derandomize=True, deadline=None)
@given(answer_keys, answer_keys)
def test_no_two_questions_are_confused(one, two):
    """Keys are asked alike exactly when all their parts but identity are."""
    assert (one.asked == two.asked) == (one == two)
    known = one._replace(identity="e")
    assert known.asked == one.asked
    assert len(one.asked) == 16


def test_a_question_is_the_same_in_every_version():
    """What is paid today is found by later versions: the name of a key is fixed."""
    # echo -n 'SERVICE…' | sha256sum, each part behind its length, the last one without.
    text = "5:cloud12:b-12500000000:5:a.jpg23:ci-process=AIPicMatting"
    assert make_key().asked == hashlib.sha256(text.encode()).digest()[:16]


def test_only_an_emulator_is_a_sandbox():
    """What it answers is marked, and no other service is."""
    assert make_key(service="emulator cosmat 1").sandbox
    assert not make_key().sandbox
    assert not make_key(service="https://emulator.example.com").sandbox


def test_a_name_that_is_not_unicode_can_be_asked_for(store):
    """A lone surrogate, as from a file name, is looked up like any other."""
    assert store.find([make_key("a\udcff.jpg")]) == [None]
