"""What an export takes down, and what is read of it after its end."""

from __future__ import annotations

import pytest

from cosmat_nb.dataset.exports.journal import Done, Journal, NotedFiles, read_journal
from cosmat_nb.dataset.files import FileFacts
from cosmat_nb.errors import OptionsError

IDENTITY = {"format": "folder"}
DONE = Done([{"name": "mug", "fingerprint": "f"}], {"mug.png": FileFacts(3, "5a")})


def test_what_was_noted_is_read_again(tmp_path):
    """Identity, files that were begun, units that were done."""
    journal = Journal(tmp_path, read_journal(tmp_path), IDENTITY)
    for path in ("mug.png", "cup.png"):
        journal.begin(path)
    journal.finish(DONE)
    journal.close()
    past = read_journal(tmp_path)
    assert past.identity == IDENTITY
    assert past.begun == {"mug.png", "cup.png"}
    assert past.doubtful == {"cup.png"}
    assert past.done == [DONE]
    assert past.done[0].inputs == ("f",)
    assert past.nbytes == (tmp_path / ".export.jsonl").stat().st_size


def test_a_unit_that_is_begun_again_is_in_doubt(tmp_path):
    """Its files may be half new."""
    journal = Journal(tmp_path, read_journal(tmp_path), IDENTITY)
    journal.begin("mug.png")
    journal.finish(DONE)
    journal.begin("mug.png")
    journal.close()
    assert read_journal(tmp_path).doubtful == {"mug.png"}


@pytest.mark.parametrize(
    "tail",
    [
        b'{"begin": "cup',
        b'{"begin": "cup.png"}',
        b"\xff\n",
        b"[]\n",
        b"{}\n",
        b'{"begin": "../cup.png"}\n',
        b'{"records": [], "files": {"/cup.png": [1, "5a"]}}\n',
    ],
)
def test_a_torn_or_hostile_end_is_cut_off(tmp_path, tail):
    """What comes after the last line that can be used is neither read nor kept."""
    journal = Journal(tmp_path, read_journal(tmp_path), IDENTITY)
    journal.begin("mug.png")
    journal.close()
    path = tmp_path / ".export.jsonl"
    path.write_bytes(path.read_bytes() + tail)
    past = read_journal(tmp_path)
    assert past.begun == {"mug.png"}
    assert past.done == []
    journal = Journal(tmp_path, past, IDENTITY)
    journal.begin("plate.png")
    journal.close()
    assert read_journal(tmp_path).begun == {"mug.png", "plate.png"}


def test_a_closed_journal_takes_nothing(tmp_path):
    """A thread that was left behind writes no file that nobody knows of."""
    journal = Journal(tmp_path, read_journal(tmp_path), IDENTITY)
    files = NotedFiles(tmp_path, journal, set())
    journal.close()
    with pytest.raises(OSError, match="the export is over"):
        files.put("mug.png", b"png")
    with pytest.raises(OSError, match="the export is over"), files.stream("mug.png"):
        pass
    assert not (tmp_path / "mug.png").exists()


def test_files_of_others_are_not_written_over(tmp_path):
    """What was there before is not ours; what was put here is."""
    (tmp_path / "mug.png").write_bytes(b"theirs")
    journal = Journal(tmp_path, read_journal(tmp_path), IDENTITY)
    files = NotedFiles(tmp_path, journal, set())
    with pytest.raises(OptionsError, match="was not written by this toolkit"):
        files.put("mug.png", b"ours")
    for data in (b"one", b"two"):
        files.put("cup.png", data)
    with files.stream("plate.png") as file:
        file.write(b"three")
    journal.close()
    assert (tmp_path / "mug.png").read_bytes() == b"theirs"
    assert (tmp_path / "cup.png").read_bytes() == b"two"
    assert files.written["plate.png"].nbytes == 5
    assert read_journal(tmp_path).begun == {"cup.png", "plate.png"}


def test_a_unit_is_whole_while_its_files_have_their_length(tmp_path):
    """Shorter, longer or gone: it is not."""
    path = tmp_path / "mug.png"
    for data, whole in [(b"png", True), (b"pn", False), (b"pngs", False)]:
        path.write_bytes(data)
        assert DONE.is_whole(tmp_path) is whole
    path.unlink()
    assert not DONE.is_whole(tmp_path)
