"""The examples of the vendor's page "Generic Image Matting", word for word."""

from xml.etree import ElementTree as ET

import pytest
from qcloud_cos.cos_comm import decode_result, format_dict, xml_to_dict

from cosmat_nb.options import MattingOptions
from cosmat_nb.wire.address import encode, parse_target, write_target
from cosmat_nb.wire.operations import MattingQuery
from cosmat_nb.wire.results import StoredPicture, UploadResult
from cosmat_nb.wire.rules import PicOperations, Rule

# Everything here is of the page 436/75232, 2026-01-09; <ObjectKey> is filled in with
# the page's own example of an object filename, <detect-url> with its example address.
KEY = "folder/document.jpg"
URL = "http://www.example.com/abc.jpg"

BY_KEY = "GET /folder/document.jpg?ci-process=AIPicMatting HTTP/1.1"
BY_URL = (
    "GET /?ci-process=AIPicMatting&detect-url=http%3A%2F%2Fwww.example.com%2Fabc.jpg "
    "HTTP/1.1"
)
UPLOAD = "PUT /folder/document.jpg HTTP/1.1"
IN_CLOUD = "POST /folder/document.jpg?image_process HTTP/1.1"

PUT_HEADER = """\
{
"is_pic_info": 1,
"rules": [{
"fileid": "exampleobject",
"rule": "ci-process=AIPicMatting"
}]
}"""
POST_HEADER = """\
{
"rules": [{
"fileid": "exampleobject",
"rule": "ci-process=AIPicMatting"
}]
}"""

# The answer to both.
ANSWER = """\
<UploadResult>
<OriginalInfo>
<Key>goods_matting.jpg</Key>
<Location>examplebucket-1250000000.cos.ap-chengdu.myqcloud.com/filename.jpg</Location>
<ETag>"ed60e3598e6862d8c8443a06acfb2153"</ETag>
</OriginalInfo>
<ProcessResults>
<Object>
<Key>goods_matting_process.jpeg</Key>
<Location>examplebucket-1250000000.cos.ap-chengdu.myqcloud.com/exampleobject</Location>
<Format/>
<Size>354256</Size>
<ETag>"521451f63c331becf533e466732c1091"</ETag>
</Object>
</ProcessResults>
</UploadResult>
"""
VALUE = UploadResult(
    original=StoredPicture(
        key="goods_matting.jpg",
        location="examplebucket-1250000000.cos.ap-chengdu.myqcloud.com/filename.jpg",
        etag="ed60e3598e6862d8c8443a06acfb2153",
    ),
    objects=(
        StoredPicture(
            key="goods_matting_process.jpeg",
            location=(
                "examplebucket-1250000000.cos.ap-chengdu.myqcloud.com/exampleobject"
            ),
            etag="521451f63c331becf533e466732c1091",
            size=354256,
        ),
    ),
)


def line(method, key, params):
    """Write a request line."""
    return f"{method} {write_target(key, params)} HTTP/1.1"


def asked(request):
    """Read key and parameters from a request line."""
    return parse_target(request.split(" ")[1])


# While downloading.


def test_a_stored_picture_is_asked_for_as_on_the_page():
    """The request line by key is the page's, and is read as that query."""
    query = MattingQuery.of_key(KEY, MattingOptions())
    assert line("GET", query.key, query.parameters) == BY_KEY
    assert MattingQuery.from_parameters(*asked(BY_KEY)) == query


def test_a_picture_elsewhere_is_asked_for_as_on_the_page():
    """The request line by address is the page's, with the address encoded once."""
    query = MattingQuery.of_url(URL, MattingOptions())
    assert line("GET", query.key, query.parameters) == BY_URL
    assert MattingQuery.from_parameters(*asked(BY_URL)) == query


def test_the_pages_own_encoded_address_is_three_encodings():
    """The page prints the address encoded thrice; once is what clients send."""
    printed = "http%25253A%25252F%25252Fwww.example.com%25252Fabc.jpg"
    assert encode(encode(encode(URL))) == printed
    assert encode(URL) in BY_URL


@pytest.mark.parametrize(
    ("parameters", "options"),
    [
        ("", MattingOptions()),
        ("&center-layout=0", MattingOptions()),
        ("&center-layout=1", MattingOptions(center=True)),
        ("&padding-layout=20x10", MattingOptions(padding=(20, 10))),
        (
            "&center-layout=1&padding-layout=1000x1000",
            MattingOptions(center=True, padding=(1000, 1000)),
        ),
    ],
)
def test_the_processing_parameters_are_those_of_the_page(parameters, options):
    """Both layouts are read as the table says, and written where not the default."""
    target = f"/{KEY}?ci-process=AIPicMatting{parameters}"
    query = MattingQuery.from_parameters(*parse_target(target))
    assert query == MattingQuery.of_key(KEY, options)
    assert write_target(query.key, query.parameters) == target.removesuffix(
        "&center-layout=0"
    )


# While uploading and in the cloud.


def test_the_requests_that_store_are_those_of_the_page():
    """Uploading has no parameter; the cloud has a bare one, read as an empty value."""
    assert line("PUT", KEY, {}) == UPLOAD
    assert asked(UPLOAD) == (KEY, {})
    assert line("POST", KEY, {"image_process": None}) == IN_CLOUD
    assert asked(IN_CLOUD) == (KEY, {"image_process": ""})


@pytest.mark.parametrize(
    ("header", "picture_info"), [(PUT_HEADER, True), (POST_HEADER, False)]
)
def test_the_headers_of_the_page_are_read(header, picture_info):
    """Both Pic-Operations ask for one plain matting beside the source."""
    operations = PicOperations.from_header(header)
    assert operations == PicOperations(
        rules=(Rule("exampleobject", "ci-process=AIPicMatting"),),
        picture_info=picture_info,
    )
    (rule,) = operations.rules
    assert rule.options == MattingOptions()
    assert rule.target(KEY) == "folder/exampleobject"
    assert rule.target("document.jpg") == "exampleobject"


@pytest.mark.parametrize("unfolded", ["", " "])
def test_a_header_of_the_page_is_read_from_one_line(unfolded):
    """A header has no line ends: without them the page's says the same."""
    joined = unfolded.join(PUT_HEADER.splitlines())
    assert PicOperations.from_header(joined) == PicOperations.from_header(PUT_HEADER)


def test_our_header_is_the_pages_without_blanks():
    """Written again, the page's header lacks its blanks and line ends only."""
    written = PicOperations.from_header(PUT_HEADER).header
    assert written == "".join(PUT_HEADER.split())
    # What the page leaves out is written with its default.
    written = PicOperations.from_header(POST_HEADER).header
    assert written.replace('"is_pic_info":0,', "") == "".join(POST_HEADER.split())


def test_the_rule_of_the_page_may_have_blanks():
    """The table prints the rule as "ci-process = AIPicMatting"; it means the same."""
    assert Rule("a", "ci-process = AIPicMatting").options == MattingOptions()


def test_the_answer_of_the_page_is_read():
    """The reader gives exactly the values of the page, and nothing for the rest."""
    assert UploadResult.from_xml(ANSWER.encode()) == VALUE
    (picture,) = VALUE.objects
    assert (picture.format, picture.height, picture.width) == ("", None, None)


def outline(body):
    """List path and text of every element, in order."""

    def walk(element, path):
        path = f"{path}/{element.tag}"
        yield path, (element.text or "").strip()
        for child in element:
            yield from walk(child, path)

    return list(walk(ET.fromstring(body), ""))


def test_our_answer_has_the_elements_of_the_page():
    """Written again, the answer has the same elements, order and texts."""
    assert outline(VALUE.to_xml()) == outline(ANSWER)
    assert len(outline(ANSWER)) == 12
    plain = ANSWER.replace("\n", "").replace("/>", " />")
    assert VALUE.to_xml().decode().partition("?>")[2] == plain


def test_the_vendors_client_reads_ours_as_the_pages():
    """The vendor's Python client gives the same dict for the page's answer and ours."""
    ours, pages = (
        xml_to_dict(body) for body in (VALUE.to_xml().decode(), ANSWER.strip())
    )
    assert ours == pages
    assert ours["ProcessResults"]["Object"]["Format"] is None
    rows = [
        decode_result(
            format_dict(read["ProcessResults"], ["Object"]), [], [["Object", "Key"]]
        )
        for read in (ours, pages)
    ]
    assert rows[0] == rows[1]
    assert rows[0]["Object"][0]["Key"] == "goods_matting_process.jpeg"
