"""A recorder keeps every answer, no secret, and never costs one."""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from scripted import PNG, Scripted, answer, refusal
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client import recording
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.recording import Recorder
from cosmat_nb.client.steps import Attempt, Reply
from cosmat_nb.errors import CosmatWarning
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.exchange import Exchange

ROOT = Path(__file__).resolve().parents[1]
KEYS = Credentials("AKIDofThisTest0123456789", "kEyOfThisTest/+=", "tOkEn/of+this=test")
FOREIGN = "lInKsIgNaTuRe"
LINK = (
    f"https://pictures.example.com/mug.jpg?v=1&q-ak=AKIDofAnother&q-signature={FOREIGN}"
    f"&x-cos-security-token={FOREIGN}&Signature={FOREIGN}&OSSAccessKeyId={FOREIGN}"
)
HIDDEN = (
    KEYS.secret_id,
    KEYS.secret_key,
    KEYS.token,
    "kEyOfThisTest",
    "tOkEn",
    "AKID",
    FOREIGN,
)


def listen(client, recorder):
    """Record all that a client sends, and collect the signatures that it sent."""
    send, signatures = client._send, []

    def send_and_keep(attempt):
        reply = send(attempt)
        signatures.append(attempt.headers["Authorization"].rpartition("=")[2])
        recorder.keep(attempt, reply)
        return reply

    client._send = send_and_keep
    return signatures


def attempt(target="/mug.jpg", method="GET", body=b"", **headers):
    """Make an attempt as the protocol makes it."""
    return Attempt(method=method, target=target, headers=headers, body=body, seconds=9)


def names(folder):
    """Names of all files in a folder, sorted."""
    return sorted(path.name for path in Path(folder).iterdir())


def read(folder, name):
    """Read one exchange of a recording."""
    stem = name.removesuffix(".json")
    paths = [p for p in Path(folder).iterdir() if p.stem == stem]
    return Exchange.from_files({path.suffix: path.read_bytes() for path in paths})


def assert_clean(folder, secrets):
    """Fail when a name or a byte of any file holds a secret."""
    seen = 0
    for path in Path(folder).iterdir():
        seen += 1
        text = f"{path.name} {path.read_bytes().decode('latin-1')}"
        for secret in secrets:
            assert secret not in text, path.name
    assert seen


def test_a_day_with_the_service_leaves_readable_files(tmp_path, square):
    """Each call is a record and a body, named in order by method, operation, key."""
    emulator = cm.Emulator(engine=WhiteEngine(), credentials=KEYS)
    with cm.connect_emulator(emulator) as client:
        listen(client, Recorder(tmp_path))
        client.put("杯子/mug.jpg", square, content_type="image/jpeg")
        cutout = client.matte("杯子/mug.jpg")
        client.head("杯子/mug.jpg")
        client.fetch("杯子/mug.jpg")
        list(client.list_objects())
        client.delete("杯子/mug.jpg")
        with pytest.raises(errors.ObjectNotFoundError):
            client.fetch("none")
    assert names(tmp_path) == [
        "0001-PUT-杯子_mug.jpg.json",
        "0002-GET-AIPicMatting-杯子_mug.jpg.json",
        "0002-GET-AIPicMatting-杯子_mug.jpg.png",
        "0003-HEAD-杯子_mug.jpg.json",
        "0004-GET-杯子_mug.jpg.jpg",
        "0004-GET-杯子_mug.jpg.json",
        "0005-GET-bucket.json",
        "0005-GET-bucket.xml",
        "0006-DELETE-杯子_mug.jpg.json",
        "0007-GET-none.json",
        "0007-GET-none.xml",
    ]
    matte = read(tmp_path, "0002-GET-AIPicMatting-杯子_mug.jpg.json")
    assert matte.body == cutout.png
    assert matte.question.params == (("ci-process", "AIPicMatting"),)
    headers = dict(matte.headers)
    assert headers["x-cos-request-id"] == cutout.request_id
    assert headers["Server"] == "tencent-ci"
    put = read(tmp_path, "0001-PUT-杯子_mug.jpg.json")
    assert put.question.headers == (("content-type", "image/jpeg"),)
    assert put.question.body_bytes == len(square)


def test_no_secret_is_in_a_recording(tmp_path, square):
    """Neither id, key, token nor any signature stands in any file of a whole day."""
    recorder = Recorder(tmp_path)
    emulator = cm.Emulator(engine=WhiteEngine(), credentials=KEYS)
    # An object may hold the very keys that fetch it.
    leak = f"{KEYS.secret_id} {KEYS.secret_key} {KEYS.token}".encode()
    wrong = Credentials(KEYS.secret_id, "another-wrong-key", KEYS.token)
    with emulator, cm.connect_emulator(emulator) as starter:
        starter.put("k", square)
        starter.put("leak.txt", leak)
        signatures = []
        for keys in (KEYS, wrong):
            provider = recorder.overhear(keys)
            with MattingClient(
                emulator.address, provider, endpoint=emulator.endpoint
            ) as client:
                signatures.append(listen(client, recorder))
                calls = [
                    lambda asked=client: asked.matte("k"),
                    lambda asked=client: asked.fetch("leak.txt"),
                    lambda asked=client: asked.matte_url(LINK),
                    lambda asked=client: list(asked.list_objects()),
                ]
                for call in calls:
                    with contextlib.suppress(errors.CallError):
                        call()
    assert [len(sent) for sent in signatures] == [4, 4]
    assert_clean(tmp_path, [*HIDDEN, *signatures[0], *signatures[1]])
    texts = [path.read_text() for path in tmp_path.glob("*.xml")]
    mismatches = [text for text in texts if "SignatureDoesNotMatch" in text]
    assert len(mismatches) == 4
    assert "<StringToSign>sha1\n" in mismatches[0]
    assert "x-cos-security-token=***" in mismatches[0]


def test_what_a_service_echoes_is_scrubbed(tmp_path):
    """A service that quotes the request back, anywhere, leaks nothing into files."""
    signed = f"q-ak={KEYS.secret_id}&q-signature={'5aed' * 10}"
    headers = {"X-Echo": signed, "x-cos-security-token": KEYS.token}
    body = f"<Error><Message>{signed} {KEYS.token}</Message></Error>".encode()
    Recorder(tmp_path).keep(
        attempt(
            "/k?x-cos-meta=1",
            Authorization=f"q-sign-algorithm=sha1&{signed}",
            **{"x-cos-security-token": KEYS.token},
        ),
        Reply(status=403, headers=headers, body=body),
    )
    assert_clean(tmp_path, [*HIDDEN, "5aed"])
    kept = read(tmp_path, "0001-GET-k.json")
    assert dict(kept.headers)["X-Echo"] == "q-ak=***&q-signature=***"
    assert (
        kept.body == b"<Error><Message>q-ak=***&q-signature=*** ***</Message></Error>"
    )


def test_a_presigned_target_is_scrubbed(tmp_path):
    """Signatures in the query go like those in the header."""
    target = f"/k?v=1&q-ak={KEYS.secret_id}&q-signature={'5aed' * 10}"
    Recorder(tmp_path).keep(
        attempt(target), Reply(status=200, headers={}, body=b"it was " + b"5aed" * 10)
    )
    assert_clean(tmp_path, [*HIDDEN, "5aed"])
    assert read(tmp_path, "0001-GET-k.json").question.params == (("v", "1"),)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/..%2F..%2Fetc%2Fpasswd", "0001-GET-.._.._etc_passwd.json"),
        ("/a%00b%0Ac:d%5Ce%20f*?x", "0001-GET-a_b_c_d_e_f_.json"),
        ("/%FF%FE", "0001-GET-__.json"),
        ("/" + "%F0%9D%94%B8" * 200, f"0001-GET-{'𝔸' * 40}.json"),
        ("/" + "a/" * 400 + "mug.jpg", f"0001-GET-{'_a' * 16}_mug.jpg.json"),
        ("/?ci-process=..%2Fa", "0001-GET-.._a-bucket.json"),
        (
            "/?ci-process=GoodsMatting&detect-url=https%3A%2F%2Fh%2Fa%2Fb.jpg%3Fsig=1",
            "0001-GET-GoodsMatting-b.jpg.json",
        ),
    ],
)
def test_hostile_keys_stay_in_the_folder(tmp_path, target, name):
    """No key leads out of the folder, hides a file or makes a name too long."""
    folder = tmp_path / "recording"
    Recorder(folder).keep(attempt(target), Reply(status=204, headers={}))
    assert names(folder) == [name]
    assert names(tmp_path) == ["recording"]
    assert len(name.encode()) <= 255
    read(folder, name)


def test_a_recording_goes_on_where_it_ended(tmp_path):
    """A second recorder adds to a folder, past unfinished files, and replaces none."""
    reply = Reply(status=204, headers={})
    Recorder(tmp_path).keep(attempt("/a"), reply)
    (tmp_path / ".0007-part").touch()
    (tmp_path / "9999-notes").mkdir()
    (tmp_path / "README.md").touch()
    Recorder(tmp_path).keep(attempt("/a"), reply)
    assert names(tmp_path) == [
        ".0007-part",
        "0001-GET-a.json",
        "10000-GET-a.json",
        "9999-notes",
        "README.md",
    ]


def test_threads_share_a_recorder(tmp_path):
    """Eight threads leave every exchange whole, under a number of its own."""
    recorder = Recorder(tmp_path)

    def work(name):
        for _ in range(6):
            recorder.keep(attempt(f"/{name}"), Reply(status=200, headers={}, body=PNG))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = [name for name in names(tmp_path) if name.endswith(".json")]
    assert [int(name[:4]) for name in records] == list(range(1, 49))
    assert all(read(tmp_path, name).body == PNG for name in records)
    assert len(names(tmp_path)) == 96


class Late(Recorder):
    """Looks at its folder, and is overtaken before it acts on what it saw."""

    overtaken = False

    def _names(self):
        seen = super()._names()
        if not self.overtaken:
            self.overtaken = True
            Recorder(self.folder).keep(attempt("/a"), Reply(status=204, headers={}))
        return seen


def test_a_recorder_that_was_overtaken_takes_the_next_number(tmp_path):
    """Whoever claims a number that was used up meanwhile gives it back."""
    Late(tmp_path).keep(attempt("/a"), Reply(status=404, headers={}))
    assert names(tmp_path) == ["0001-GET-a.json", "0002-GET-a.json"]
    assert read(tmp_path, "0001-GET-a.json").status == 204


def test_recorders_take_turns_in_a_folder(tmp_path):
    """What a recorder remembers of a folder never makes it replace another's file."""
    both = [Recorder(tmp_path), Recorder(tmp_path)]
    for number, turn in enumerate([0, 1, 1, 0, 1, 0, 0, 1]):
        body = f"{number}".encode()
        both[turn].keep(attempt("/a"), Reply(status=200, headers={}, body=body))
    kept = [f"{number:04d}-GET-a.json" for number in range(1, 9)]
    assert [name for name in names(tmp_path) if name.endswith(".json")] == kept
    assert [read(tmp_path, name).body for name in kept] == [b"%d" % n for n in range(8)]


class Looking(Recorder):
    """Counts how often it lists its folder."""

    looks = 0

    def _names(self):
        self.looks += 1
        return super()._names()


def test_a_long_recording_is_listed_once_an_answer(tmp_path):
    """The first number is looked up; from there on each is only checked."""
    recorder = Looking(tmp_path)
    for _ in range(10):
        recorder.keep(attempt("/a"), Reply(status=204, headers={}))
    assert recorder.looks == 1 + 10


def keep_some(folder, count):
    """Record in a process of its own."""
    recorder = Recorder(folder)
    for _ in range(count):
        recorder.keep(attempt("/same"), Reply(status=200, headers={}, body=b"tea"))


def test_processes_share_a_folder(tmp_path):
    """Two processes that record the same request overwrite nothing of each other."""
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=keep_some, args=(tmp_path, 40)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    records = [name for name in names(tmp_path) if name.endswith(".json")]
    assert [int(name[:4]) for name in records] == list(range(1, 81))
    assert len(names(tmp_path)) == 160


# The limit holds for a whole process, and so for whatever this one's output goes to.
ON_A_SMALL_DISK = """
import json, resource, sys, warnings
import cosmat_nb as cm

endpoint, folder, most = sys.argv[1:]
client = cm.connect_cloud(
    "examplebucket-1250000000", "ap-guangzhou", endpoint=endpoint, record=folder,
    credentials=cm.Credentials("scripted-id", "scripted-key"),
)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), resource.RLIM_INFINITY))
with client, warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    sizes = [len(client.fetch(key)) for key in "abc"]
print(json.dumps({
    "sizes": sizes,
    "warned": [[w.category.__name__, str(w.message)] for w in warned],
}))
"""


def test_a_full_disk_costs_no_answer(tmp_path):
    """The answer is passed on; one warning is given, and no half file is left."""
    pytest.importorskip("resource")
    body = bytes(1025)
    with Scripted(*[answer(200, body)] * 3) as server:
        child = subprocess.run(
            [sys.executable, "-c", ON_A_SMALL_DISK, server.endpoint, tmp_path, "1024"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert child.stderr == ""
    told = json.loads(child.stdout)
    assert told["sizes"] == [1025] * 3
    ((category, message),) = told["warned"]
    assert category == "CosmatWarning"
    assert "File too large" in message
    assert names(tmp_path) == []


def test_no_test_limits_the_files_of_this_process():
    """A test's output may go to a file of any size: nothing here may end the run."""
    resource = pytest.importorskip("resource")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_folder_that_vanished_costs_no_answer(tmp_path):
    """Nor does a disk that is taken away between two calls."""
    recorder = Recorder(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with Scripted(answer(200, PNG)) as server, server.client() as client:
        listen(client, recorder)
        with pytest.warns(CosmatWarning, match="No such file"):
            assert client.fetch("a") == PNG


def test_where_warnings_are_errors_the_answer_still_arrives(tmp_path, caplog):
    """A paid answer is worth more than a strict filter: the log has it instead."""
    recorder = Recorder(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorder.keep(attempt(), Reply(status=200, headers={}))
        recorder.keep(attempt(), Reply(status=200, headers={}))
    assert [record.name for record in caplog.records] == ["cosmat_nb.client.recording"]


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_paid(tmp_path):
    """A recorder that could keep nothing says so at once."""
    (tmp_path / "file").touch()
    with pytest.raises(errors.OptionsError, match="choose another folder"):
        Recorder(tmp_path / "file" / "folder")


def test_answers_of_retried_calls_are_all_kept(tmp_path):
    """Each attempt that was answered may have been billed, and each is recorded."""
    script = [refusal(503, "SlowDown"), answer(200, b"tea")]
    with Scripted(*script) as server, server.client() as client:
        listen(client, Recorder(tmp_path))
        assert client.fetch("a") == b"tea"
    kept = [read(tmp_path, name) for name in names(tmp_path) if name.endswith(".json")]
    assert [exchange.status for exchange in kept] == [503, 200]


def test_headers_are_kept_as_they_were_written(tmp_path):
    """Spelling stays, a repeated header is joined, bytes beyond ASCII are read."""
    heads = {"X-ErrNo": "-164", "Vary": "A", "vary": "B", "x-name": "æ¯"}
    with Scripted(answer(200, b"", heads)) as server, server.client() as client:
        listen(client, Recorder(tmp_path))
        client.fetch("a")
    kept = dict(read(tmp_path, "0001-GET-a.json").headers)
    assert kept["X-ErrNo"] == "-164"
    assert kept["Vary"] == "A, B"
    assert kept["x-name"] == "æ¯"


def test_overhearing_changes_no_credentials(tmp_path):
    """A function is called each time, a pair given each time; other things pass."""
    recorder = Recorder(tmp_path)
    assert recorder.overhear(None) is None
    pairs = iter([Credentials("id", f"key-number-{n}") for n in range(100)])
    give = recorder.overhear(lambda: next(pairs))
    assert [give().secret_key for _ in range(3)][2] == "key-number-2"
    assert recorder.overhear(KEYS) is KEYS
    assert recorder.overhear(lambda: None)() is None
    for _ in range(90):
        give()
    assert len(recorder._keys) == recording.MAX_SECRETS
    assert "key-number" not in repr(recorder)


def test_threads_may_note_keys_while_others_record(tmp_path):
    """Many keys noted at once neither fail nor grow beyond what is remembered."""
    recorder = Recorder(tmp_path)
    failures = []

    def work(name):
        try:
            for number in range(1500):
                recorder.overhear(Credentials("id", f"{name}-{number}-key"))
                list(recorder._secrets(attempt()))
        except RuntimeError as error:
            failures.append(error)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    assert failures == []
    assert len(recorder._keys) == recording.MAX_SECRETS


def test_a_key_in_use_is_not_forgotten(tmp_path):
    """The keys that go are those that were given out the longest time ago."""
    recorder = Recorder(tmp_path)
    for number in range(recording.MAX_SECRETS):
        recorder.overhear(KEYS)
        recorder.overhear(Credentials("id", f"other-key-{number}"))
    body = b"key " + KEYS.secret_key.encode()
    recorder.keep(attempt("/a"), Reply(status=200, headers={}, body=body))
    assert read(tmp_path, "0001-GET-a.json").body == b"key ***"


def test_an_object_is_kept_byte_for_byte(tmp_path):
    """What is stored and only looks like a secret is what was fetched, and stays."""
    body = f"policy=keep&sign=1 {LINK}".encode()
    headers = {"ETag": '"5"'}
    recorder = Recorder(tmp_path)
    recorder.keep(attempt("/a"), Reply(status=200, headers=headers, body=body))
    recorder.keep(attempt("/"), Reply(status=200, headers=headers, body=body))
    assert read(tmp_path, "0001-GET-a.json").body == body
    assert FOREIGN.encode() not in read(tmp_path, "0002-GET-bucket.json").body


def test_a_record_is_json_that_any_program_reads(tmp_path):
    """The files need none of this package to be read."""
    Recorder(tmp_path).keep(attempt("/a?v=1"), Reply(status=204, headers={"A": "b"}))
    record = json.loads((tmp_path / "0001-GET-a.json").read_text(encoding="utf-8"))
    assert record["asked"]["params"] == {"v": "1"}
    assert record["answered"]["headers"] == {"A": "b"}
