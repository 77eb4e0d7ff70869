"""The error codes: every one documented, each with its class and what to do."""

import dataclasses

import pytest

from cosmat_nb import errors
from cosmat_nb.wire.code_table import TABLE
from cosmat_nb.wire.codes import CODES, Code, find_code, is_over, service_error

INVALID = errors.InvalidRequestError
IMAGE = errors.ImageRejectedError
DENIED = errors.AccessDeniedError
MISSING = errors.ObjectNotFoundError
THROTTLED = errors.ThrottledError
SERVER = errors.ServerError
UNPAID = errors.PaymentRequiredError

# HTTP status, class, heals, dooms. Names and statuses: vendor's pages "Error Codes" of
# COS (436/7730) and of Cloud Infinite (460/8523). A row heals where they say "retry",
# and dooms where every other picture of the bucket would meet the same.
NAMES = {
    "InvalidArgument": (400, INVALID, False, False),
    "InvalidRequest": (400, INVALID, False, False),
    "InvalidURI": (400, INVALID, False, False),
    "MalformedXML": (400, INVALID, False, False),
    "InvalidDigest": (400, INVALID, False, False),
    "BadDigest": (400, INVALID, False, False),
    "InvalidPicOperations": (400, INVALID, False, False),
    "InvalidObjectName": (400, INVALID, False, False),
    "InvalidBucketName": (400, INVALID, False, True),
    "KeyTooLong": (400, INVALID, False, False),
    "InvalidImageFormat": (400, IMAGE, False, False),
    "InvalidImageSource": (400, IMAGE, False, False),
    "ImageTooLarge": (400, IMAGE, False, False),
    "ImageResolutionExceed": (400, IMAGE, False, False),
    "EntityTooLarge": (400, INVALID, False, False),
    "EntitySizeNotMatch": (400, INVALID, False, False),
    "ExpiredToken": (400, DENIED, False, True),
    "RequestTimeout": (400, INVALID, True, False),
    "UserNetworkTooSlow": (400, INVALID, True, False),
    "PaymentRequired": (402, UNPAID, False, True),
    "AccessDenied": (403, DENIED, False, True),
    "SignatureDoesNotMatch": (403, DENIED, False, True),
    "InvalidAccessKeyId": (403, DENIED, False, True),
    "RequestTimeTooSkewed": (403, DENIED, False, True),
    "NoProcessAuthority": (403, DENIED, False, True),
    "InvalidObjectState": (403, INVALID, False, False),
    "NoSuchKey": (404, MISSING, False, False),
    "NoSuchBucket": (404, MISSING, False, True),
    "MethodNotAllowed": (405, INVALID, False, False),
    # Concurrent writes: the page says neither; another moment may do.
    "PathConflict": (409, INVALID, True, False),
    "UploadConflict": (409, INVALID, True, False),
    "MissingContentLength": (411, INVALID, False, False),
    "PreconditionFailed": (412, INVALID, False, False),
    "InvalidRange": (416, INVALID, False, False),
    "UnavailableForLegalReasons": (451, IMAGE, False, False),
    "DomainAuditFailed": (451, INVALID, False, True),
    "InternalError": (500, SERVER, True, False),
    "NotImplemented": (501, SERVER, False, False),
    "SlowDown": (503, THROTTLED, True, False),
    "ServiceUnavailable": (503, THROTTLED, True, False),
}

# Named elsewhere: by the vendor's Android tests, and by a user of the ci host.
SEEN = {
    "AIBucketUnBinded": (400, DENIED, False, True),
    "InvalidUrl": (404, INVALID, False, False),
}

# X-ErrNo: class, heals, dooms. Numbers: vendor's page "Error Codes" of Cloud Infinite
# (460/8523), which tells no HTTP status; "retry" is the page's for the seven that heal.
NUMBERS = {
    "-103": (INVALID, False, False),  # bad request
    "-104": (DENIED, False, True),  # APPID or domain is not bound
    "-105": (INVALID, False, False),  # no such style
    "-106": (INVALID, False, False),  # bad URL
    "-107": (INVALID, False, True),  # Host
    "-108": (DENIED, False, True),  # Referer
    "-113": (IMAGE, False, False),  # type unsupported
    "-120": (SERVER, True, False),  # bad data from the origin
    "-154": (DENIED, False, False),  # original protected
    "-162": (UNPAID, False, True),  # arrears
    "-164": (THROTTLED, True, False),  # hot-link throttle
    "-165": (DENIED, False, True),  # attack guard
    "-167": (IMAGE, False, False),  # too large
    "-441": (IMAGE, False, False),  # format
    "-442": (IMAGE, False, False),  # size
    "-443": (IMAGE, False, False),  # format
    "-447": (IMAGE, False, False),  # resolution or frames
    "-901": (SERVER, True, False),  # processing timeout
    "-902": (SERVER, True, False),  # origin timeout
    "-5062": (IMAGE, False, False),  # suspected illegal picture
    "-6101": (MISSING, False, False),  # missing
    "-29214": (THROTTLED, True, False),  # rate limit
    "-40168": (IMAGE, False, False),  # empty source
    "-46618": (DENIED, False, True),  # bad signature
    "-46619": (DENIED, False, True),  # expired
    "-46628": (MISSING, False, False),  # no file
    "-46661": (DENIED, False, True),  # no right
    "-60932": (DENIED, False, True),  # signature
    "-60936": (DENIED, False, True),  # refused
    "-60938": (DENIED, False, True),  # incomplete signature
    "-60948": (DENIED, False, True),  # account
    "-60949": (THROTTLED, True, False),  # rate
    "-60950": (MISSING, False, False),  # no file
    "-60955": (INVALID, False, False),  # URL
    "-60972": (INVALID, False, True),  # region
    "-60983": (INVALID, False, True),  # host
    "-60987": (SERVER, True, False),  # fetch failed
    "-60996": (IMAGE, False, False),  # over 32 MB
    "-60997": (INVALID, False, False),  # too many rules
    "-60998": (INVALID, False, False),  # parameter
    "-62999": (IMAGE, False, False),  # bad image
}


@pytest.mark.parametrize("name", [*NAMES, *SEEN])
def test_a_documented_code_has_its_row(name):
    """Every named code has its HTTP status, class, and whether it heals or dooms."""
    code = CODES[name]
    told = (code.status, code.error, code.heals, code.dooms)
    assert (code.name, told) == (name, (NAMES | SEEN)[name])


@pytest.mark.parametrize("number", list(NUMBERS))
def test_a_documented_number_has_its_row(number):
    """Every number has its class and no HTTP status of its own."""
    code = CODES[number]
    told = (code.error, code.heals, code.dooms)
    assert (code.name, code.status, told) == (number, 0, NUMBERS[number])


def test_no_code_is_invented():
    """The table holds what is stated here, each once, and nothing else."""
    assert sorted(CODES) == sorted([*NAMES, *SEEN, *NUMBERS])
    assert len(TABLE) == len(CODES) == 40 + 2 + 41


def test_nothing_both_heals_and_dooms():
    """No code asks to wait and to stop at once."""
    assert [code for code in CODES.values() if code.heals and code.dooms] == []


def test_cures_are_one_sentence():
    """A cure has no full stop and does not begin like a sentence of its own."""
    cures = [code.cure for code in CODES.values() if code.cure]
    assert len(cures) > 40
    assert [cure for cure in cures if cure.endswith(".") or "\n" in cure] == []


def test_the_table_cannot_be_changed():
    """The table of codes is read-only, and so is each code."""
    with pytest.raises(TypeError):
        CODES["New"] = CODES["SlowDown"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        CODES["SlowDown"].heals = False


def test_a_known_name_wins_over_its_status():
    """The name of the error document decides, whatever status it came with."""
    assert find_code("SlowDown", 400) is CODES["SlowDown"]


@pytest.mark.parametrize("number", list(NUMBERS))
def test_a_number_outranks_a_name(number):
    """X-ErrNo decides where the table has it, whatever name and status say."""
    for name, status in (("AccessDenied", 403), ("SlowDown", 503), ("", 200)):
        assert find_code(name, status, number) is CODES[number]


@pytest.mark.parametrize("number", ["", "-1", "0", "164", "-164 ", "-0164", "x"])
def test_an_unknown_number_leaves_it_to_the_name(number):
    """A number that no page names changes nothing: name, then status decide."""
    assert find_code("NoSuchBucket", 404, number) is CODES["NoSuchBucket"]
    assert find_code("SomethingNew", 503, number).error is THROTTLED
    assert find_code("", 418, number).error is INVALID


def test_a_number_stands_for_a_missing_name():
    """After HEAD, which has no document, the number is the error's code."""
    error = service_error("", "HEAD was refused.", number="-60949", status=503)
    assert type(error) is THROTTLED
    assert (error.code, error.status, error.heals) == ("-60949", 503, True)
    assert str(error) == (
        "HEAD was refused; wait, or use fewer calls at once [-60949, HTTP 503]"
    )


def test_a_number_has_the_status_it_came_with():
    """The table knows no HTTP status of a number, so only the answer's is told."""
    assert service_error("", "told", number="-162").status is None
    assert service_error("", "told", number="-162", status=402).status == 402


def test_a_number_keeps_the_name_as_code_and_brings_its_own_cure():
    """With both, the name is what one may look up and the number what one can do."""
    error = service_error("AccessDenied", "The package has expired.", number="-162")
    assert (type(error), error.code, error.dooms) == (UNPAID, "AccessDenied", True)
    assert error.message == (
        "The package has expired (number -162); the account has an unpaid bill; "
        "pay it, then ask again"
    )
    assert error.number == "-162"


@pytest.mark.parametrize(
    ("name", "message", "number", "over"),
    [
        # Vendor's page "Error Codes": 403, "Request has expired".
        ("AccessDenied", "Request has expired", "", True),
        ("AccessDenied", "Access Denied.", "", False),
        ("AccessDenied", "", "", False),
        ("RequestTimeTooSkewed", "", "", True),
        # New keys are needed, not a new signature.
        ("ExpiredToken", "The provided token has expired.", "", False),
        ("NoSuchKey", "The key expired.jpg does not exist.", "", False),
        ("", "Request has expired", "", False),
        # Vendor's page of Cloud Infinite error codes: the signature has expired.
        ("", "", "-46619", True),
        ("-46619", "", "", True),
        ("AccessDenied", "Access Denied.", "-46619", True),
        ("SomethingNew", "", "-46619", True),
        ("AccessDenied", "The package has expired.", "-162", False),
        ("AccessDenied", "Request has expired", "-1", True),
        ("AccessDenied", "Request has expired", "-46661", True),
        ("AccessDenied", "Access Denied for expired/mug.jpg.", "", False),
    ],
)
def test_the_end_of_a_signature_is_known(name, message, number, over):
    """A signature whose time is over is told from missing rights and old tokens."""
    assert is_over(name, message, number) is over
    assert (find_code(name, 403, number, message).topic == "clock") is over


TOPICS = {
    "clock": ["RequestTimeTooSkewed", "-46619"],
    "credentials": [
        *["SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken"],
        *["-46618", "-60932", "-60948"],
    ],
    "bucket": ["NoSuchBucket", "InvalidBucketName"],
    "region": ["-60972"],
    "rights": ["AccessDenied", "-46661", "-60936"],
    "object": ["NoSuchKey", "-6101", "-46628", "-60950"],
}


def test_topics_are_stated():
    """What a code concerns is as stated here; every other code has no topic."""
    told = {code.name: code.topic for code in TABLE if code.topic}
    assert told == {name: topic for topic, names in TOPICS.items() for name in names}


def test_a_meaning_is_no_cure():
    """What is wrong and what to do are two things, and a bare topic needs neither."""
    for code in CODES.values():
        assert not code.meaning.endswith(".")
        assert code.meaning != code.cure or not code.cure
        if code.topic not in ("", "object"):
            assert code.meaning
            assert code.cure


@pytest.mark.parametrize(
    ("status", "error", "heals", "dooms"),
    [
        (301, INVALID, False, True),
        (400, INVALID, False, False),
        (401, DENIED, False, True),
        (402, errors.PaymentRequiredError, False, True),
        (403, DENIED, False, False),
        (404, MISSING, False, False),
        (408, INVALID, True, False),
        (418, INVALID, False, False),
        (429, errors.ThrottledError, True, False),
        (499, INVALID, False, False),
        (500, errors.ServerError, True, False),
        (501, errors.ServerError, False, False),
        (502, errors.ServerError, True, False),
        (503, errors.ThrottledError, True, False),
        (504, errors.ServerError, True, False),
        (599, errors.ServerError, True, False),
    ],
)
@pytest.mark.parametrize("name", ["", "SomethingNew"])
def test_an_unknown_name_is_judged_by_its_status(name, status, error, heals, dooms):
    """Without a known name, as after HEAD, the HTTP status alone decides."""
    code = find_code(name, status)
    assert (code.status, code.error) == (status, error)
    assert (code.heals, code.dooms) == (heals, dooms)


@pytest.mark.parametrize("name", ["slowdown", "SLOWDOWN", "SlowDown "])
def test_names_are_exact(name):
    """A code is known by its exact spelling only."""
    assert find_code(name, 400).error is INVALID


def test_an_error_carries_all_that_was_told():
    """The built error has class, code, status, request id and attempts."""
    error = service_error(
        "NoSuchKey", "No such key.", status=404, request_id="NWFj", attempts=2
    )
    assert type(error) is MISSING
    assert (error.code, error.status, error.request_id, error.attempts) == (
        "NoSuchKey",
        404,
        "NWFj",
        2,
    )
    assert str(error) == (
        "No such key. [NoSuchKey, HTTP 404, request NWFj, 2 attempts]"
    )


def test_the_cure_follows_the_message():
    """What to do stands behind what happened, in one sentence."""
    error = service_error("InvalidImageFormat", "The format is not supported.")
    assert error.message == "The format is not supported; use JPEG or PNG"
    assert error.status == 400


def test_a_cure_needs_no_message():
    """Without a message, as after HEAD, the cure stands alone."""
    assert service_error("SlowDown", "").message == CODES["SlowDown"].cure


def test_an_unknown_code_without_status_has_none():
    """An error that came with no status does not invent one."""
    error = service_error("SomethingNew", "What is this?")
    assert error.status is None
    assert str(error) == "What is this? [SomethingNew]"


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_builds_its_error(code: Code):
    """Each code of the table can be built, raised and caught as a ServiceError."""
    error = service_error(code.name, "told")
    assert isinstance(error, errors.ServiceError)
    assert type(error) is code.error
    assert (error.code, error.status) == (code.name, code.status or None)
    assert error.dooms is code.dooms
    assert code.cure in error.message
    assert code.meaning in error.message


def test_an_expired_token_and_an_expired_signature_have_their_own_cures():
    """A token that is over needs new keys; a signature that is over, a right clock."""
    token = service_error("ExpiredToken", "The provided token has expired.")
    assert "fetch new temporary keys" in token.message
    signature = service_error("AccessDenied", "Request has expired")
    assert "clock" in signature.message
