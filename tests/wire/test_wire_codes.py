"""The error codes: every one documented, each with its class and what to do."""

import dataclasses

import pytest

from cosmat_nb import errors
from cosmat_nb.wire.codes import CODES, Code, find_code, service_error

INVALID = errors.InvalidRequestError
IMAGE = errors.ImageRejectedError
DENIED = errors.AccessDeniedError
MISSING = errors.ObjectNotFoundError

# Names and HTTP statuses: the vendor's COS error list and Cloud Infinite error list;
# the class is what DESIGN says a caller can do about it.
DOCUMENTED = {
    "InvalidArgument": (400, INVALID),
    "InvalidRequest": (400, INVALID),
    "InvalidURI": (400, INVALID),
    "MalformedXML": (400, INVALID),
    "InvalidDigest": (400, INVALID),
    "BadDigest": (400, INVALID),
    "InvalidPicOperations": (400, INVALID),
    "InvalidObjectName": (400, INVALID),
    "InvalidBucketName": (400, INVALID),
    "KeyTooLong": (400, INVALID),
    "InvalidImageFormat": (400, IMAGE),
    "InvalidImageSource": (400, IMAGE),
    "ImageTooLarge": (400, IMAGE),
    "ImageResolutionExceed": (400, IMAGE),
    "EntityTooLarge": (400, INVALID),
    "EntitySizeNotMatch": (400, INVALID),
    "ExpiredToken": (400, DENIED),
    "RequestTimeout": (400, INVALID),
    "UserNetworkTooSlow": (400, INVALID),
    "PaymentRequired": (402, errors.PaymentRequiredError),
    "AccessDenied": (403, DENIED),
    "SignatureDoesNotMatch": (403, DENIED),
    "InvalidAccessKeyId": (403, DENIED),
    "RequestTimeTooSkewed": (403, DENIED),
    "NoProcessAuthority": (403, DENIED),
    "InvalidObjectState": (403, INVALID),
    "NoSuchKey": (404, MISSING),
    "NoSuchBucket": (404, MISSING),
    "MethodNotAllowed": (405, INVALID),
    "MissingContentLength": (411, INVALID),
    "PreconditionFailed": (412, INVALID),
    "InvalidRange": (416, INVALID),
    "PathConflict": (409, INVALID),
    "UploadConflict": (409, INVALID),
    "UnavailableForLegalReasons": (451, IMAGE),
    "DomainAuditFailed": (451, INVALID),
    "InternalError": (500, errors.ServerError),
    "NotImplemented": (501, errors.ServerError),
    "SlowDown": (503, errors.ThrottledError),
    "ServiceUnavailable": (503, errors.ThrottledError),
}

# What waiting heals, by the same lists; conflicts of concurrent writes are a judgement.
HEALS = {
    "RequestTimeout",
    "UserNetworkTooSlow",
    "InternalError",
    "SlowDown",
    "ServiceUnavailable",
}
JUDGED = {"PathConflict", "UploadConflict"}

# What every other picture of the bucket would meet too.
DOOMS = {
    "PaymentRequired",
    "AccessDenied",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "RequestTimeTooSkewed",
    "NoProcessAuthority",
    "NoSuchBucket",
    "ExpiredToken",
    "AIBucketUnBinded",
}
SPARES = {
    "NoSuchKey",
    "InvalidImageFormat",
    "ImageTooLarge",
    "ImageResolutionExceed",
    "InvalidImageSource",
    "InvalidObjectState",
    "InvalidArgument",
    "KeyTooLong",
    "SlowDown",
    "InternalError",
    "UnavailableForLegalReasons",
}


@pytest.mark.parametrize("name", list(DOCUMENTED))
def test_a_documented_code_has_its_status_and_class(name):
    """Every code of the vendor's lists is known, with HTTP status and error class."""
    code = CODES[name]
    assert (code.name, code.status, code.error) == (name, *DOCUMENTED[name])


def test_only_one_code_is_not_in_the_error_list():
    """The switch of the sibling operations is the only name from elsewhere."""
    assert set(CODES) - set(DOCUMENTED) == {"AIBucketUnBinded"}


def test_exactly_the_passing_troubles_heal():
    """Waiting helps against slowness and failures of the service and nothing else."""
    healing = {name for name, code in CODES.items() if code.heals}
    assert healing - JUDGED == HEALS


def test_account_troubles_doom_a_batch():
    """Unpaid bills, bad keys, missing rights and a wrong bucket stop a batch."""
    assert {name for name in DOOMS if not CODES[name].dooms} == set()


def test_troubles_of_one_picture_do_not_doom_a_batch():
    """What concerns one picture or one moment lets the batch go on."""
    assert {name for name in SPARES if CODES[name].dooms} == set()


def test_nothing_both_heals_and_dooms():
    """No code asks to wait and to stop at once."""
    assert [code for code in CODES.values() if code.heals and code.dooms] == []


def test_cures_are_one_sentence():
    """A cure has no full stop and does not begin like a sentence of its own."""
    cures = [code.cure for code in CODES.values() if code.cure]
    assert len(cures) > 5
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
    assert (error.code, error.status) == (code.name, code.status)
    assert error.dooms is code.dooms
    assert code.cure in error.message


def test_an_expired_token_and_an_expired_signature_have_their_own_cures():
    """A token that is over needs new keys; a signature that is over, a right clock."""
    token = service_error("ExpiredToken", "The provided token has expired.")
    assert "fetch new temporary keys" in token.message
    signature = service_error("AccessDenied", "Request has expired")
    assert "clock" in signature.message
