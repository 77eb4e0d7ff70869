"""XML: hostile documents are refused quickly, plain ones written plainly."""

import codecs
import time

import pytest

from cosmat_nb.errors import ProtocolError
from cosmat_nb.wire.markup import MAX_BYTES, MAX_DEPTH, parse_xml, write_xml

LAUGHS = (
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY l0 'ha'>"
    + "".join(
        f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 12)
    )
    + "]><a>&l11;</a>"
)
HOSTILE = {
    "laughs": LAUGHS.encode(),
    "bare doctype": b"<!DOCTYPE a><a/>",
    "html": b"<!DOCTYPE html><html></html>",
    "file": b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    "outer dtd": b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'><a/>",
    "parameter": b"<!DOCTYPE a [<!ENTITY % x '<!ENTITY y \"z\">'> %x;]><a>&y;</a>",
    "quadratic": b"<!DOCTYPE a [<!ENTITY x '"
    + b"x" * 50_000
    + b"'>]><a>"
    + b"&x;" * 50_000
    + b"</a>",
    "utf-16 with mark": LAUGHS.encode("utf-16"),
    "utf-16 big": codecs.BOM_UTF16_BE + LAUGHS.encode("utf-16-be"),
    "utf-16 without mark": "<!DOCTYPE a><a/>".encode("utf-16-le"),
    "utf-8 mark": codecs.BOM_UTF8 + LAUGHS.encode(),
    "after a comment": b"<!-- x --><!DOCTYPE a><a/>",
}


def refused(body):
    """Refuse a body in under a second of CPU and say why, shortly."""
    begin = time.process_time()
    with pytest.raises(ProtocolError) as caught:
        parse_xml(body)
    assert time.process_time() - begin < 5
    assert len(str(caught.value)) < 300
    return str(caught.value)


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_doctype_is_refused_at_once(name):
    """Whatever encoding hides it, a DOCTYPE is refused before any entity grows."""
    assert "DOCTYPE" in refused(HOSTILE[name])


def test_an_undeclared_entity_is_refused():
    """An entity that nothing declares is malformed XML."""
    assert "well-formed" in refused(b"<a>&nbsp;</a>")


@pytest.mark.parametrize(
    "encoding", ["nonsense", "gbk", "utf-7", "utf-32", "hex", "idna", "punycode"]
)
def test_an_unreadable_encoding_is_refused(encoding):
    """A declared encoding that the parser cannot read is a bad answer, not a crash."""
    refused(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())


@pytest.mark.parametrize(
    "encoding", ["unicode_escape", "raw_unicode_escape", "windows-1252", "mbcs", "x"]
)
def test_no_codec_of_python_is_asked(encoding):
    """Such codecs warn or differ between systems; the answer names what it declared."""
    body = f'<?xml version="1.0" encoding="{encoding}"?><a>b</a>'.encode()
    assert repr(encoding) in refused(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"a",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a/>x",
        b"<a>\x00</a>",
        b"<a>\xff</a>",
        b"<a>&#0;</a>",
        b"<a b=1/>",
        b"<a b='1' b='2'/>",
        "<?xml version='1.0' encoding='utf-8'?><a/>".encode("utf-16"),
    ],
)
def test_malformed_xml_is_refused(body):
    """What is not well-formed is refused as such."""
    assert "well-formed" in refused(body)


def test_depth_is_limited():
    """Sixteen levels are read and the seventeenth is refused."""
    assert MAX_DEPTH == 16
    assert parse_xml(b"<a>" * 16 + b"</a>" * 16).tag == "a"
    assert "16 levels" in refused(b"<a>" * 17 + b"</a>" * 17)


def test_endless_depth_is_refused_at_once():
    """Two million open elements are refused at the seventeenth."""
    assert "16 levels" in refused(b"<a>" * 2_000_000)


def test_depth_is_counted_along_a_path():
    """Siblings do not add up to depth."""
    assert len(parse_xml(b"<a>" + b"<b><c/></b>" * 100 + b"</a>")) == 100


def test_size_is_limited():
    """A document of 8 MiB is read and one byte more is refused."""
    body = b"<a>" + b" " * (MAX_BYTES - 7) + b"</a>"
    assert len(body) == MAX_BYTES == 8 * 1024 * 1024
    assert parse_xml(body).tag == "a"
    assert "8388609" in refused(body + b" ")


def test_a_plain_document_is_read():
    """Text, entities of XML itself, comments and CDATA are read as XML says."""
    root = parse_xml(
        b"<?xml version='1.0' encoding='utf-8' ?>\n<!-- c --><a x='1'>&lt;&#x817e;"
        b"<![CDATA[&b;]]><c/><?p i?>\xc3\xa9</a>"
    )
    assert (root.tag, root.text, root.attrib) == ("a", "<腾&b;", {"x": "1"})
    assert root[0].tail == "é"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "UTF-8", "utf-16", "iso-8859-1", "us-ascii"]
)
def test_the_encodings_of_xml_are_read(encoding):
    """The encodings that every XML parser knows are read."""
    body = f"<?xml version='1.0' encoding='{encoding}'?><a>b</a>".encode(encoding)
    assert parse_xml(body).text == "b"


def test_a_default_namespace_leaves_the_names_alone():
    """A namespace that S3-like services declare does not change the names."""
    root = parse_xml(b'<Error xmlns="http://doc.example.com/x"><Code>A</Code></Error>')
    assert (root.tag, root.findtext("Code")) == ("Error", "A")


def test_a_document_is_written_plainly():
    """The declaration comes first; text is escaped; nothing is indented."""
    assert (
        write_xml(("a", [("b", "<&>\"'"), ("c", []), ("d", ""), ("e", "é")]))
        == (
            '<?xml version="1.0" encoding="UTF-8"?>'
            "<a><b>&lt;&amp;&gt;\"'</b><c /><d /><e>é</e></a>"
        ).encode()
    )


@pytest.mark.parametrize(
    "character", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"]
)
def test_a_character_that_xml_cannot_hold_is_marked(character):
    """Characters outside XML 1.0 become a question mark and the rest stays."""
    assert parse_xml(write_xml(("a", f"x{character}y"))).text == "x?y"


@pytest.mark.parametrize(
    "text", ["\t", "\n", " ", "\x7f", "\x85", "\ufffd", "😀", "]]>"]
)
def test_a_character_that_xml_can_hold_is_kept(text):
    """Characters that XML 1.0 allows come back as they were."""
    assert parse_xml(write_xml(("a", f"x{text}y"))).text == f"x{text}y"


@pytest.mark.parametrize("text", ["\r", "\r\n", "\n\r"])
def test_a_carriage_return_is_kept(text):
    """Readers turn bare carriage returns into line ends, so they are escaped."""
    # XML 1.0, section 2.11: a literal CR or CR LF is read as LF; &#13; is not.
    assert parse_xml(write_xml(("a", f"x{text}y"))).text == f"x{text}y"


def test_a_broad_document_is_refused():
    """A document of very many elements is refused before it fills the memory."""
    # A listing page of 1,000 keys has some 10,000 elements.
    with pytest.raises(ProtocolError, match="100000 elements"):
        parse_xml(b"<a>" + b"<b/>" * 200_000 + b"</a>")
