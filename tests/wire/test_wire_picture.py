"""A picture's first bytes: format, size, or how many bytes more are needed."""

import io
import itertools
import struct
import time
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from cosmat_nb.errors import ImageError
from cosmat_nb.wire.picture import NeedMore, PictureInfo, read_picture

law = settings(derandomize=True, deadline=None, max_examples=400)

MAGIC = b"\x89PNG\r\n\x1a\n"
HEIGHT, WIDTH = 45, 70


def drawn(mode="RGB", height=HEIGHT, width=WIDTH):
    """Draw noise in one of Pillow's modes."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise).convert(mode)


def saved(image, kind="JPEG", **options):
    """Let Pillow write the file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def segment(kind, content=b""):
    """Write one JPEG segment."""
    return bytes([0xFF, kind]) + struct.pack(">H", 2 + len(content)) + content


def put_in(data, extra):
    """Put bytes right behind a JPEG's start marker."""
    return data[:2] + extra + data[2:]


def frame(height, width, *, kind=0xC0, components=1):
    """Write a JPEG's frame header."""
    size = struct.pack(">BHHB", 8, height, width, components)
    return segment(kind, size + b"\1\x11\0" * components)


def ihdr(height, width, *, depth=8, color=2, interlaced=0):
    """Write a PNG's header chunk."""
    fields = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    return chunk(b"IHDR", fields)


def chunk(kind, content):
    """Frame one PNG chunk with length and checksum."""
    tail = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + tail


NO_PIXELS = chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def with_exif():
    """Write a JPEG whose EXIF holds a JPEG thumbnail of 64 x 41 px."""
    thumbnail = saved(drawn(height=41, width=64))
    # A directory that turns the picture, then the thumbnail's: offset and length.
    turn = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
    place = struct.pack("<HHIIHHII", 0x201, 4, 1, 56, 0x202, 4, 1, len(thumbnail))
    first = struct.pack("<IH", 8, 1) + turn + struct.pack("<I", 26)
    tiff = b"II*\0" + first + struct.pack("<H", 2) + place
    content = b"Exif\0\0" + tiff + bytes(4) + thumbnail
    return put_in(saved(drawn()), segment(0xE1, content))


def apng():
    """Write an animated PNG of three frames."""
    frames = [drawn(), drawn("L").convert("RGB"), drawn()]
    return saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


PLAIN = saved(drawn())
JPEGS = {
    "baseline": PLAIN,
    "progressive": saved(drawn(), progressive=True),
    "optimised": saved(drawn(), optimize=True, subsampling=0),
    "grey": saved(drawn("L")),
    "cmyk": saved(drawn("CMYK")),
    "rgb": saved(drawn(), keep_rgb=True),
    "one pixel": saved(drawn(height=1, width=1)),
    "long": saved(drawn(height=1, width=9000)),
    "exif": with_exif(),
    "profile": saved(drawn(), icc_profile=bytes(range(256)) * 700),
    "comment": saved(drawn(), comment=b"\xff\xc0" * 500),
    "restarts": saved(drawn(), restart_marker_blocks=1),
    "fill": put_in(PLAIN, b"\xff" * 300),
    "empty comments": put_in(PLAIN, segment(0xFE) * 50),
    "junk": put_in(PLAIN, b"\xff\xfe\0\2" + b"junk\xff\0" * 9),
    "every segment": put_in(
        PLAIN, b"".join(segment(kind, b"\xff\xc0\0") for kind in range(0xE2, 0xED))
    ),
}
PNGS = {
    mode: saved(drawn("RGB").convert(mode), "PNG")
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
} | {
    "four colours": saved(drawn("P"), "PNG", bits=2),
    "sixteen bits": MAGIC + ihdr(HEIGHT, WIDTH, depth=16) + NO_PIXELS,
    "sixteen bits, alpha": MAGIC + ihdr(HEIGHT, WIDTH, depth=16, color=6) + NO_PIXELS,
    "interlaced": MAGIC + ihdr(HEIGHT, WIDTH, interlaced=1) + NO_PIXELS,
    "animated": apng(),
    "largest": MAGIC + ihdr(1, 2**31 - 1) + NO_PIXELS,
}
OTHERS = {
    "GIF": saved(drawn(), "GIF"),
    "WEBP": saved(drawn(), "WEBP"),
    "BMP": saved(drawn(), "BMP"),
    "TIFF": saved(drawn(), "TIFF"),
    "AVIF": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B",
    "HEIF": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
}
FILES = [*JPEGS.values(), *PNGS.values(), *OTHERS.values()]


def named(files):
    """Turn a table of files into test parameters."""
    return [pytest.param(data, id=name) for name, data in files.items()]


def oracle(data):
    """Let Pillow tell format, height and width."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata and of size
        image = Image.open(io.BytesIO(data))
        return image.format, image.height, image.width


def answered(data, nbytes=None):
    """Return the answer, or the error in its place."""
    try:
        return read_picture(data, nbytes)
    except ImageError as error:
        return error


@pytest.mark.parametrize("data", named(JPEGS | PNGS))
def test_size_and_format_are_those_that_pillow_tells(monkeypatch, data):
    """Every kind of JPEG and PNG has the format, height and width that Pillow says."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    info = read_picture(data, len(data))
    assert (info.format, info.height, info.width) == oracle(data)
    assert info.nbytes == len(data)
    assert read_picture(data) == PictureInfo(
        format=info.format, height=info.height, width=info.width
    )


def test_a_multi_picture_file_is_a_jpeg():
    """What Pillow calls MPO, two pictures in a phone's one file, is a JPEG."""
    data = saved(drawn(), "MPO", save_all=True, append_images=[drawn("RGB", 9, 9)])
    assert oracle(data) == ("MPO", HEIGHT, WIDTH)
    assert read_picture(data) == PictureInfo(format="JPEG", height=HEIGHT, width=WIDTH)


def test_the_files_are_what_their_names_say():
    """The thumbnail, the profile and the frames of the files above are really there."""
    assert JPEGS["exif"].count(b"\xff\xd8\xff") == 2
    with Image.open(io.BytesIO(JPEGS["exif"])) as image:
        exif = image.getexif()
    assert exif[0x112] == 6
    directory = exif.get_ifd(ExifTags.IFD.IFD1)
    start, length = directory[0x201], directory[0x202]
    place = JPEGS["exif"].find(b"Exif") + 6 + start
    assert oracle(JPEGS["exif"][place : place + length]) == ("JPEG", 41, 64)
    assert JPEGS["profile"].count(b"ICC_PROFILE") == 3
    assert b"\xff\xc2" in JPEGS["progressive"]
    assert b"\xff\xdd" in JPEGS["restarts"]
    assert PNGS["animated"].count(b"fcTL") == 3
    assert PNGS["animated"].find(b"acTL") > 0


@pytest.mark.parametrize("kind", [*range(0xC0, 0xD0)])
def test_every_frame_header_counts_and_no_table_does(kind):
    """The thirteen frame headers tell the size; DHT and DAC, among them, are passed."""
    # ITU-T T.81, table B.1: C4, C8 and CC are no frame headers; C8 is reserved.
    data = b"\xff\xd8" + frame(7, 9, kind=kind) + frame(3, 5)
    if kind == 0xC8:
        with pytest.raises(ImageError, match="FF C8"):
            read_picture(data)
    else:
        expected = (3, 5) if kind in (0xC4, 0xCC) else (7, 9)
        info = read_picture(data)
        assert (info.height, info.width) == expected


@pytest.mark.parametrize("kind", [0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)])
def test_tables_comments_and_metadata_are_passed(kind):
    """A frame header inside any segment that may come first is not taken."""
    data = b"\xff\xd8" + segment(kind, frame(3, 5)) + frame(7, 9)
    assert read_picture(data) == PictureInfo(format="JPEG", height=7, width=9)


def test_the_header_chunk_is_all_that_a_png_needs():
    """Magic and header chunk, 8 + 25 bytes, tell the size; one byte less does not."""
    assert read_picture(PNGS["RGB"][:33]).width == WIDTH
    assert read_picture(PNGS["RGB"][:32]) == NeedMore(33)


@pytest.mark.parametrize(
    "between", [b"\xff\x01", b"\xff\xd0\xff\xd7", b"\xff\0", b"\xff", b"\0\1\2"]
)
def test_what_stands_between_segments_is_passed_over(between):
    """Lone markers, fill bytes and junk that libjpeg skips are skipped."""
    data = b"\xff\xd8" + segment(0xE0) + between * 3 + frame(7, 9)
    assert read_picture(data) == PictureInfo(format="JPEG", height=7, width=9)


@pytest.mark.parametrize("data", named(OTHERS))
def test_other_formats_are_recognised(request, data):
    """Formats that are not measured are named all the same, from twelve bytes on."""
    name = request.node.callspec.id
    assert read_picture(data[:12], 99) == PictureInfo(format=name, nbytes=99)
    assert read_picture(data) == PictureInfo(format=name)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "BMP", "TIFF"])
def test_other_formats_are_named_as_pillow_names_them(name):
    """A format's name is Pillow's, so that both sides speak of the same."""
    assert read_picture(OTHERS[name]).format == oracle(OTHERS[name])[0]


@pytest.mark.parametrize(
    "head",
    [
        b"GIF87a\1\0\1\0\0\0",
        b"MM\0*\0\0\0\x08\0\0\0\0",
        b"II+\0\x08\0\0\0\0\0\0\0",
        b"MM\0+\0\x08\0\0\0\0\0\0",
        *(b"\0\0\0\x18ftyp" + b for b in (b"heix", b"hevc", b"mif1", b"msf1")),
        b"\n\n\n\nftypavis",
    ],
)
def test_each_spelling_of_a_magic_is_known(head):
    """Old GIF, both byte orders, BigTIFF and the other brands are recognised."""
    assert read_picture(head).format in {"GIF", "TIFF", "HEIF", "AVIF"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<Error>no such key</Error>",
        b"BMW is a maker of cars",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypisom\0\0\0\0",
        b"\xff\xd8 not a marker",
        MAGIC.replace(b"\r", b"") + bytes(40),
    ],
)
def test_anything_else_has_no_format(data):
    """Bytes that begin like no picture are told to be of no known format."""
    assert read_picture(data, len(data)) == PictureInfo(format="", nbytes=len(data))


@pytest.mark.parametrize(("length", "nbytes", "more"), [(0, 40, 12), (11, None, 12)])
def test_a_few_bytes_are_not_judged(length, nbytes, more):
    """Below twelve bytes of a longer file the answer is to fetch twelve."""
    assert read_picture(b"hello world!"[:length], nbytes) == NeedMore(more)


def test_a_file_below_twelve_bytes_is_asked_for_whole():
    """No more bytes are asked for than the file is said to have."""
    assert read_picture(b"hel", 5) == NeedMore(5)


def test_what_is_needed_is_told_at_once():
    """A long segment is jumped over: the need is its end and a frame header's bytes."""
    # Start 2, segment 2 + 2 + 60000, then marker to component count 10.
    data = put_in(PLAIN, segment(0xE1, bytes(60_000)))
    assert read_picture(data[:50]) == NeedMore(2 + 60_004 + 10)


@pytest.mark.parametrize("data", named({"PNG": PNGS["RGB"], "JPEG": PLAIN}))
@pytest.mark.parametrize("length", [12, 20, 28])
def test_a_file_that_ends_in_its_header_is_refused(data, length):
    """When the file has no more bytes, the answer is that it is cut short."""
    with pytest.raises(ImageError, match=f"got {length}: it is cut short"):
        read_picture(data[:length], length)
    assert isinstance(read_picture(data[:length]), NeedMore)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (frame(0, 5), "got one of 11 bytes, 5 px wide and 0 px high"),
        (frame(5, 0), "0 px wide and 5 px high"),
        (frame(5, 5, components=0) + bytes(9), "with 0 components"),
        (segment(0xC0, b"\x08\0\5\0\5\2\1\x11\0"), "of 11 bytes.*with 2 components"),
        (b"\xff\xd9" + bytes(9), "got marker FF D9 at byte 2"),
        (b"\xff\xff\xff\xd9" + bytes(9), "got marker FF D9 at byte 4"),
        (b"\xff\xd8" + frame(5, 5), "got marker FF D8 at byte 2"),
        (segment(0xE0) + segment(0xDA) + bytes(9), "got marker FF DA at byte 6"),
        (segment(0xF7) + frame(5, 5), "got marker FF F7"),
        (b"\xff\x02" + frame(5, 5), "got marker FF 02"),
        (b"\xff\xfe\0\0" + frame(5, 5), "length of 2 or more; got 0 at byte 2"),
        (b"\xff\xfe\0\1" + frame(5, 5), "length of 2 or more; got 1 at byte 2"),
    ],
)
def test_a_damaged_jpeg_is_refused(data, words):
    """A header that decoders stop at is refused, with what came instead."""
    with pytest.raises(ImageError, match=f"^expected a JPEG.*{words}"):
        read_picture(b"\xff\xd8" + data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (chunk(b"CgBI", bytes(4)) + ihdr(5, 5), "CgBI"),
        (chunk(b"IHDR", bytes(14)), "13-byte header"),
        (ihdr(5, 5)[:-1] + b"!", "checksum"),
        (ihdr(5, 5).replace(b"\5", b"\6", 1), "checksum"),
        (ihdr(0, 5), "got one 5 px wide and 0 px high"),
        (ihdr(5, 2**31), "got one 2147483648 px wide and 5 px high"),
    ],
)
def test_a_damaged_png_is_refused(data, words):
    """A header that breaks the specification is refused with what is wrong with it."""
    with pytest.raises(ImageError, match=f"^expected a PNG.*{words}"):
        read_picture(MAGIC + data + bytes(24))


def test_a_value_cannot_be_changed():
    """What was read is frozen and can be a key."""
    info = read_picture(PLAIN)
    with pytest.raises(AttributeError):
        info.width = 3
    assert {info: 1}[read_picture(PLAIN[:-9])] == 1


@law
@given(st.sampled_from(FILES), st.floats(0, 1), st.booleans())
def test_a_beginning_tells_the_same_or_asks_for_more(data, share, sized):
    """Any beginning tells what the file tells, or asks for bytes that the file has."""
    nbytes = len(data) if sized else None
    whole = read_picture(data, nbytes)
    # The cube makes short beginnings, where something happens, the common ones.
    length = int(share**3 * len(data))
    for _ in range(70):
        answer = read_picture(data[:length], nbytes)
        if not isinstance(answer, NeedMore):
            break
        assert length < answer.at_least <= len(data)
        length = answer.at_least
    assert answer == whole


@pytest.mark.parametrize("data", named(JPEGS | PNGS))
def test_every_short_beginning_keeps_that_law(data):
    """The same for each of the first 700 lengths, where markers and fields are cut."""
    whole = read_picture(data)
    for length in range(min(700, len(data))):
        answer = read_picture(data[:length])
        if isinstance(answer, NeedMore):
            assert length < answer.at_least <= len(data)
        else:
            assert answer == whole


starts = st.sampled_from([b"", MAGIC, b"\xff\xd8\xff", MAGIC + b"\0\0\0\rIHDR"])
marked = st.lists(
    st.one_of(
        st.binary(max_size=9),
        st.integers(0, 255).map(lambda kind: bytes([0xFF, kind])),
        st.builds(segment, st.integers(0, 255), st.binary(max_size=9)),
    ),
    max_size=12,
).map(b"".join)


@law
@given(starts, st.one_of(st.binary(max_size=90), marked), st.booleans())
def test_no_bytes_do_harm(start, rest, sized):
    """Whatever comes is told, asked for or refused: no other error, no wrong need."""
    data = start + rest
    answer = answered(data, len(data) if sized else None)
    if isinstance(answer, ImageError):
        assert len(str(answer)) < 200
    elif isinstance(answer, NeedMore):
        assert not sized
        assert answer.at_least > len(data)
    elif answer.format in ("JPEG", "PNG"):
        assert answer.height > 0
        assert answer.width > 0


def damaged(data, edits):
    """Change, remove or insert bytes near the start of a file."""
    body = bytearray(data)
    for way, place, value in edits:
        at = place % len(body)
        body[at : at + 1] = [[value], [], [value, value, body[at]]][way]
    return bytes(body)


edits = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 200),
        st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 2, 0xFF, 0xC0, 0xD9])),
    ),
    min_size=1,
    max_size=4,
)
small = [data for data in FILES[: len(JPEGS) + len(PNGS)] if len(data) < 20_000]


@law
@given(st.sampled_from(small), edits)
def test_a_picture_that_pillow_still_decodes_is_read_alike(data, edits):
    """Damage is found or harmless: what Pillow decodes whole has the size told here."""
    data = damaged(data, edits)
    info = answered(data, len(data))
    try:
        expected = oracle(data)
        Image.open(io.BytesIO(data)).load()
    except Exception:  # noqa: BLE001 - decoders of broken files raise anything
        return
    if isinstance(info, PictureInfo):
        assert info.format == expected[0]
        assert info.height in (None, expected[1])
        assert info.width in (None, expected[2])
    else:
        # Lengths of 0 and 1 are against T.81; libjpeg lets them pass.
        assert "length of 2 or more" in str(info)


@pytest.mark.parametrize(
    "unit",
    [b"\xff", b"\xff\0", b"\0", b"\xff\xd0", b"\xff\x01", segment(0xFE), b"\xff\xff\0"],
)
def test_endless_metadata_is_settled_quickly(unit):
    """Two million bytes without a frame header take linear time and ask for more."""
    data = b"\xff\xd8\xff\xfe\0\2" + unit * (2_000_000 // len(unit))
    begin = time.process_time()
    answer = read_picture(data)
    assert time.process_time() - begin < 4
    assert len(data) < answer.at_least <= len(data) + 10
    with pytest.raises(ImageError, match="cut short"):
        read_picture(data, len(data))


def test_the_last_byte_may_begin_the_marker():
    """A beginning that ends inside fill bytes asks for no more than the file has."""
    data = b"\xff\xd8" + segment(0xE0) + b"\xff" * 5 + frame(7, 9)[:10]
    answers = [read_picture(data[:length], len(data)) for length in range(len(data))]
    assert all(isinstance(answer, NeedMore) for answer in answers)
    pairs = itertools.pairwise(answer.at_least for answer in answers)
    assert all(first <= second for first, second in pairs)
    assert read_picture(data, len(data)).height == 7
