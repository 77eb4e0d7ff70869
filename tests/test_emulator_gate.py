"""The emulator's gate: each way to be refused, and what may pass."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.emulator.gate import check_signature, find_bucket
from cosmat_nb.emulator.messages import Incoming
from cosmat_nb.emulator.refusal import Redirect, Refusal
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.signature import sign

ADDRESS = Address("examplebucket-1250000000", "ap-guangzhou")
KEYS = Credentials("test-id", "test-key")
PERIOD = (1_700_000_000, 1_700_003_660)
NOW = 1_700_000_060.0


def incoming(method="GET", key="a.jpg", params=None, headers=None):
    """Make a request to the bucket's own host."""
    named = {"host": ADDRESS.host, **(headers or {})}
    return Incoming(method=method, key=key, params=params or {}, headers=named)


def signed(method="GET", key="a.jpg", params=None, headers=None, **how):
    """Make a request and sign it whole in its Authorization header."""
    request = incoming(method, key, params, headers)
    keys, period = how.get("keys", KEYS), how.get("period", PERIOD)
    covered = {**request.headers, **how.get("covered", {})}
    if "leave_out" in how:
        del covered[how["leave_out"]]
    signature = sign(keys, method, f"/{key}", request.params, covered, period)
    return incoming(
        method, key, params, {**(headers or {}), "authorization": signature.header}
    )


def let_pass(request, now=NOW, keys=KEYS):
    """Have a request's signature checked."""
    check_signature(request, keys, now, "InvalidAccessKeyId")


def refuse(request, now=NOW, keys=KEYS):
    """Have a request refused and hand back the refusal."""
    with pytest.raises(Refusal) as caught:
        let_pass(request, now, keys)
    return caught.value


def test_a_signed_request_passes():
    """A request whose host, parameters and headers are covered passes."""
    params = {"ci-process": "AIPicMatting", "prefix": "a b+c/ü😀", "acl": ""}
    headers = {"x-cos-meta-note": "a, b", "range": "bytes=0-9"}
    let_pass(signed("PUT", "p/ä +%41", params, headers))


def test_what_is_not_covered_may_change():
    """Headers and parameters outside the lists do not matter, as documented."""
    request = signed(params={"prefix": "a"})
    more = {**request.headers, "user-agent": "curl/8", "accept": "*/*"}
    params = {**request.params, "other": "x"}
    let_pass(incoming(params=params, headers=more))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"key": "b.jpg"},
        {"params": {"padding-layout": "20x11"}},
        {"params": {}},
        {"headers": {"range": "bytes=0-8"}},
        {"headers": {"host": "other.example.com"}},
    ],
    ids=str,
)
def test_what_is_covered_may_not_change(change):
    """Method, key, parameters and covered headers are held by the signature."""
    asked = {
        "method": "GET",
        "key": "a.jpg",
        "params": {"padding-layout": "20x10"},
        "headers": {"range": "bytes=0-9"},
    }
    authorization = signed(**asked).headers["authorization"]
    headers = {**asked["headers"], **change.pop("headers", {})}
    changed = {
        **asked,
        **change,
        "headers": {**headers, "authorization": authorization},
    }
    assert refuse(incoming(**changed)).code == "SignatureDoesNotMatch"


def test_a_mismatch_says_what_was_expected():
    """The refusal holds the two strings that the vendor's page tells to compare."""
    refusal = refuse(signed(keys=Credentials("test-id", "wrong-key")))
    text = f"get\n/a.jpg\n\nhost={ADDRESS.host}\n"
    # SHA-1 of the text above, worked out with sha1sum.
    digest = "8b247e21ae88e0a4f462859b7d49b66798769352"
    assert (refusal.code, refusal.status) == ("SignatureDoesNotMatch", 403)
    assert refusal.details == {
        "StringToSign": f"sha1\n1700000000;1700003660\n{digest}\n",
        "FormatString": text,
    }


def test_no_refusal_holds_a_secret():
    """Neither the key nor the signature is in a message or its details."""
    request = signed(keys=Credentials("test-id", "wrong-key"))
    signature = request.headers["authorization"].rpartition("=")[2]
    refusal = refuse(request)
    told = f"{refusal!r} {refusal.message} {refusal.details} {request!r}"
    for secret in (signature, "test-key", "wrong-key"):
        assert secret not in told


def test_an_unknown_key_is_refused():
    """Another id is refused before its signature is looked at."""
    refusal = refuse(signed(keys=Credentials("other-id", "test-key")))
    assert (refusal.code, refusal.status) == ("InvalidAccessKeyId", 403)


@pytest.mark.parametrize(
    ("now", "code", "message"),
    [
        (PERIOD[1], None, None),
        (PERIOD[1] + 1, "AccessDenied", "Request has expired"),
        (PERIOD[0] - 900, None, None),
        (PERIOD[0] - 901, "RequestTimeTooSkewed", "The difference between"),
    ],
)
def test_the_period_is_kept(now, code, message):
    """Past its end a signature has expired; 15 minutes before its start are allowed."""
    if code is None:
        let_pass(signed(), now)
    else:
        refusal = refuse(signed(), now)
        assert (refusal.code, refusal.status) == (code, 403)
        assert refusal.message.startswith(message)


@pytest.mark.parametrize("now", [1600000000.0, 1900000000.0])
def test_a_refusal_for_its_time_tells_the_time(now):
    """Clients in browsers read the service's time from the document."""
    moment = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    assert refuse(signed(), now).details == {"ServerTime": moment}


def test_an_unsigned_request_is_refused():
    """Without a signature the answer is AccessDenied."""
    refusal = refuse(incoming())
    assert (refusal.code, refusal.message) == ("AccessDenied", "Access Denied.")
    assert refuse(incoming(headers={"authorization": ""})).code == "AccessDenied"


GOOD = {
    "q-sign-algorithm": "sha1",
    "q-ak": "test-id",
    "q-sign-time": "1;2",
    "q-key-time": "1;2",
    "q-header-list": "",
    "q-url-param-list": "",
    "q-signature": "0" * 40,
}


@pytest.mark.parametrize(
    "header",
    [
        "Basic dXNlcjpwYXNz",
        "AWS4-HMAC-SHA256 Credential=x",
        "&&&===",
        "q-ak=test-id",
        *(
            "&".join(f"{k}={v}" for k, v in fields.items())
            for fields in (
                GOOD | {"q-sign-algorithm": "sha256"},
                GOOD | {"q-sign-time": "1;3"},
                GOOD | {"q-sign-time": "x", "q-key-time": "x"},
                GOOD | {"q-sign-time": "-1;2", "q-key-time": "-1;2"},
                {name: value for name, value in GOOD.items() if name != "q-signature"},
            )
        ),
    ],
)
def test_a_malformed_authorization_is_refused(header):
    """Other schemes and broken fields are AccessDenied with the reason."""
    refusal = refuse(incoming(headers={"authorization": header}))
    assert refusal.code == "AccessDenied"
    assert refusal.message.startswith("Access Denied: ")


def presigned(params=None, **how):
    """Make a request whose signature is in its query."""
    request = incoming(params=params)
    keys, period = how.get("keys", KEYS), how.get("period", PERIOD)
    fields = sign(keys, "GET", "/a.jpg", request.params, request.headers, period).fields
    return incoming(params={**request.params, **fields})


def test_a_presigned_request_passes():
    """The seven fields in the query do as well, and end as well."""
    request = presigned({"ci-process": "AIPicMatting"})
    let_pass(request)
    assert refuse(request, now=PERIOD[1] + 1).message == "Request has expired"
    changed = {**request.params, "ci-process": "GoodsMatting"}
    assert refuse(incoming(params=changed)).code == "SignatureDoesNotMatch"
    lacking = {k: v for k, v in request.params.items() if k != "q-ak"}
    assert refuse(incoming(params=lacking)).code == "AccessDenied"


def test_a_header_wins_over_a_query():
    """Where both are there, the header is the one that counts."""
    query = presigned(keys=Credentials("other-id", "x")).params
    request = signed(params=query)
    let_pass(request)


def test_picture_operations_must_be_covered():
    """Unsigned Pic-Operations answer what the vendor's questions page reports."""
    headers = {"pic-operations": '{"rules": []}'}
    let_pass(signed("PUT", headers=headers))
    refusal = refuse(signed("PUT", headers=headers, leave_out="pic-operations"))
    assert (refusal.code, refusal.status) == ("AccessDenied", 403)
    assert refusal.message == "Auth sign header must include Pic-Operations"


def test_a_token_must_be_the_keys():
    """Temporary keys need their token, as a header or a parameter; others have none."""
    keys = Credentials("test-id", "test-key", "the-token")
    name = "x-cos-security-token"
    let_pass(signed(headers={name: "the-token"}), keys=keys)
    let_pass(signed(params={name: "the-token"}), keys=keys)
    assert refuse(signed(), keys=keys).code == "InvalidAccessKeyId"
    other = signed(headers={name: "another"})
    assert refuse(other, keys=keys).code == "InvalidAccessKeyId"
    assert refuse(other).code == "InvalidAccessKeyId"


@pytest.mark.parametrize("host", ["127.0.0.1:8791", "localhost:80", "[::1]:8791"])
def test_the_host_may_be_signed_without_its_port(host):
    """Clients that sign the bare host pass, and so do those that sign all of it."""
    bare = host.rpartition(":")[0]
    for covered in ({"host": bare}, {"host": host}):
        let_pass(signed(headers={"host": host}, covered=covered))
    refusal = refuse(signed(headers={"host": host}, covered={"host": "127.0.0.2"}))
    assert refusal.code == "SignatureDoesNotMatch"


def test_the_code_for_a_wrong_token_is_assumed():
    """The code is the one that is handed in."""
    other = signed(headers={"x-cos-security-token": "another"})
    with pytest.raises(Refusal) as caught:
        check_signature(other, KEYS, NOW, "AccessDenied")
    assert caught.value.code == "AccessDenied"


@pytest.mark.parametrize("name", ["x-cos-security-token", "x-ci-security-token"])
def test_a_token_has_two_names(name):
    """The vendor's clients send another header to the hosts of Cloud Infinite."""
    keys = Credentials("test-id", "test-key", "the-token")
    let_pass(signed(headers={name: "the-token"}), keys=keys)
    refusal = refuse(signed(headers={name: "another"}), keys=keys)
    assert (refusal.code, refusal.status) == ("InvalidAccessKeyId", 403)
    assert "another" not in refusal.message


@pytest.mark.parametrize("text", ["中文 😀", "café", "Ã©"])
@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_a_header_beyond_ascii_is_signed_as_text(text, coding):
    """Clients sign the text and send it as UTF-8 or as Latin-1; both pass."""
    try:
        wire = text.encode(coding).decode("latin-1")
    except UnicodeEncodeError:
        return
    name = "x-cos-meta-note"
    request = signed(headers={name: text})
    let_pass(incoming(headers={**request.headers, name: wire}))
    changed = incoming(headers={**request.headers, name: f"{wire}x"})
    assert refuse(changed).code == "SignatureDoesNotMatch"


def bucket_of(host, key="a.jpg", params=None, foreign="NoSuchBucket", fast="serve"):
    """Find the bucket that a host names, of two."""
    request = incoming(key=key, params=params, headers={"host": host})
    names = {ADDRESS.bucket, "second-1250000000"}
    return find_bucket(request, ADDRESS, names, foreign, fast)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1:8791",
        "[::1]:8791",
        "pictures.example.com",
        ADDRESS.host,
        f"{ADDRESS.host}:80",
        ADDRESS.host.upper(),
        "examplebucket-1250000000.pic.ap-guangzhou.myqcloud.com",
        "examplebucket-1250000000.cos.ap-guangzhou.tencentcos.cn",
        "examplebucket-1250000000.cos-internal.ap-guangzhou.tencentcos.cn",
        "examplebucket-1250000000.cos.accelerate.myqcloud.com",
        "examplebucket-1250000000.ci.ap-guangzhou.myqcloud.com",
    ],
)
def test_the_bucket_has_many_hosts(host):
    """Every host of the bucket names it, and so does a host that names none."""
    assert bucket_of(host) == ADDRESS.bucket
    second = host.lower().replace("examplebucket", "second")
    if second != host.lower():
        assert bucket_of(second) == "second-1250000000"


@pytest.mark.parametrize(
    "host",
    [
        "other-1250000000.cos.ap-guangzhou.myqcloud.com",
        "examplebucket-1250000000.cos.ap-beijing.myqcloud.com:80",
        "examplebucket.cos.ap-guangzhou.myqcloud.com",
        "service.cos.myqcloud.com",
        "SERVICE.cos.tencentcos.cn:80",
    ],
)
def test_another_bucket_does_not_exist(host):
    """A host of the vendor's that names no bucket of ours answers NoSuchBucket."""
    with pytest.raises(Refusal) as caught:
        bucket_of(host)
    assert (caught.value.code, caught.value.status) == ("NoSuchBucket", 404)


def test_another_region_may_send_on():
    """Where that is assumed, a bucket of ours is told where it is; others are not."""
    beijing = "second-1250000000.cos.ap-beijing.myqcloud.com"
    with pytest.raises(Redirect) as caught:
        bucket_of(beijing, foreign="redirect")
    assert caught.value.host == "second-1250000000.cos.ap-guangzhou.myqcloud.com"
    with pytest.raises(Refusal, match="NoSuchBucket"):
        bucket_of(beijing.replace("second", "other"), foreign="redirect")


def test_some_hosts_do_not_cut():
    """The job interfaces' host does not; that of acceleration may not."""
    job = "examplebucket-1250000000.ci.ap-guangzhou.myqcloud.com"
    fast = "examplebucket-1250000000.cos.accelerate.myqcloud.com"
    matte = {"ci-process": "AIPicMatting"}
    for host, how in [(job, "serve"), (fast, "refuse")]:
        with pytest.raises(Refusal) as caught:
            bucket_of(host, params=matte, fast=how)
        assert (caught.value.code, caught.value.status) == ("InvalidUrl", 404)
        assert bucket_of(host, fast=how) == ADDRESS.bucket
    assert bucket_of(fast, params=matte) == ADDRESS.bucket


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    header=st.text(st.characters(max_codepoint=255)),
    query=st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=20)),
)
def test_nothing_unsigned_passes(header, query):
    """Whatever is in the header and the query, the answer is a refusal."""
    request = incoming(params=query, headers={"authorization": header})
    assert refuse(request).status == 403


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    key=st.text(st.characters(codec="utf-8"), max_size=20),
    params=st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        st.text(st.characters(codec="utf-8"), max_size=8),
        max_size=3,
    ),
)
def test_everything_signed_passes(key, params):
    """Whatever the key and the parameters, a request signed as it is sent passes."""
    let_pass(signed(key=key, params=params))
