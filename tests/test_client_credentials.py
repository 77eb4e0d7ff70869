"""Where an account is looked for, in which order, and what is said of a broken one."""

import traceback

import pytest

from cosmat_nb.client.credentials import Account, find_account
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.credentials import Credentials

COS = {"COS_SECRET_ID": "cos-id", "COS_SECRET_KEY": "cos-key"}
TENCENT = {
    "TENCENTCLOUD_SECRET_ID": "cloud-id",
    "TENCENTCLOUD_SECRET_KEY": "cloud-key",
}
PROFILE = """\
[common]
secret_id = file-id
secret_key = file-key
token = file-token
bucket = filebucket-1250000000
region = ap-beijing
max_thread = 5
[other]
secret_id = other-id
secret_key = other-key
"""


@pytest.fixture
def profile(tmp_path):
    """A profile file as the vendor's tools write it."""
    path = tmp_path / "cos.conf"
    path.write_text(PROFILE, encoding="utf-8")
    return path


def test_nothing_is_found_where_nothing_is(tmp_path):
    """Without variables and without a file there is no account, and no error."""
    assert find_account({}, tmp_path / "none") is None


def test_the_usual_places_are_the_process_and_the_home(monkeypatch, tmp_path):
    """By default the process's environment and ``~/.cos.conf`` are looked at."""
    assert find_account() is None
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".cos.conf").write_text(PROFILE, encoding="utf-8")
    assert find_account().origin == "~/.cos.conf"
    monkeypatch.setenv("COS_SECRET_ID", "a")
    monkeypatch.setenv("COS_SECRET_KEY", "b")
    assert find_account().credentials == Credentials("a", "b")


@pytest.mark.parametrize(
    ("environment", "credentials"),
    [
        (COS, Credentials("cos-id", "cos-key")),
        (TENCENT, Credentials("cloud-id", "cloud-key")),
        ({**COS, **TENCENT}, Credentials("cos-id", "cos-key")),
        ({**COS, "COS_TOKEN": "t"}, Credentials("cos-id", "cos-key", "t")),
        (
            {**TENCENT, "TENCENTCLOUD_TOKEN": "t"},
            Credentials("cloud-id", "cloud-key", "t"),
        ),
        ({**TENCENT, "COS_TOKEN": "t"}, Credentials("cloud-id", "cloud-key")),
        ({**COS, "TENCENTCLOUD_TOKEN": "t"}, Credentials("cos-id", "cos-key")),
        ({**COS, "COS_SECRET_KEY": " cos-key\n"}, Credentials("cos-id", "cos-key")),
        ({"COS_SECRET_ID": "", **TENCENT}, Credentials("cloud-id", "cloud-key")),
    ],
)
def test_the_environment_comes_first(environment, credentials, profile):
    """Pairs are looked for in order, each with the token of its own family only."""
    account = find_account(environment, profile)
    assert account.credentials == credentials
    assert account.origin.startswith("environment (")
    assert (account.bucket, account.region) == ("", "")


def test_the_environment_names_bucket_and_region(profile):
    """Bucket and region of the environment win over those of the profile."""
    place = {"COS_BUCKET": "envbucket-1", "COS_REGION": "ap-seoul"}
    for environment in (place, {**COS, **place}):
        account = find_account(environment, profile)
        assert (account.bucket, account.region) == ("envbucket-1", "ap-seoul")


def test_the_profile_comes_last(profile):
    """The first section of the file tells keys, token, bucket and region."""
    assert find_account({}, profile) == Account(
        credentials=Credentials("file-id", "file-key", "file-token"),
        origin=str(profile),
        bucket="filebucket-1250000000",
        region="ap-beijing",
    )


def test_a_percent_sign_in_a_key_is_no_interpolation(profile):
    """A key is taken letter by letter."""
    profile.write_text("[common]\nsecret_id=a\nsecret_key=50%(x)s%%\n", "utf-8")
    assert find_account({}, profile).credentials.secret_key == "50%(x)s%%"


def test_a_byte_order_mark_does_no_harm(profile):
    """A file saved by an editor that marks UTF-8 is read all the same."""
    profile.write_text(PROFILE, encoding="utf-8-sig")
    assert find_account({}, profile).credentials.secret_id == "file-id"


@pytest.mark.parametrize("text", ["", "[common]\n", "[common]\nregion = ap-beijing\n"])
def test_a_profile_without_keys_is_no_account(text, profile):
    """A file that holds no key pair is passed over."""
    profile.write_text(text, encoding="utf-8")
    assert find_account({}, profile) is None


@pytest.mark.parametrize("name", [*COS, *TENCENT])
def test_half_a_pair_in_the_environment_is_an_error(name, profile):
    """A forgotten half is said with both names, not with the other's value."""
    with pytest.raises(OptionsError, match="set both") as caught:
        find_account({name: "HALFSECRET"}, profile)
    assert name in str(caught.value)
    assert "HALFSECRET" not in str(caught.value)


@pytest.mark.parametrize("line", ["secret_id = HALFSECRET", "secret_key = HALFSECRET"])
def test_half_a_pair_in_the_profile_is_an_error(line, profile):
    """The same holds for the file, which is named."""
    profile.write_text(f"[common]\n{line}\n", encoding="utf-8")
    with pytest.raises(OptionsError, match=r"set both secret_id .*cos\.conf") as caught:
        find_account({}, profile)
    assert "HALFSECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"secret_key = TOPSECRET\n",
        b"[common]\nTOPSECRET\n",
        b"[common]\nsecret_key = a\nsecret_key = TOPSECRET\n",
        b"[common\nsecret_key = TOPSECRET\n",
        b"[common]\nsecret_key = TOPSECRET\xff\xfe\n",
    ],
)
def test_a_broken_profile_is_an_error_that_quotes_nothing(data, profile):
    """The file is named; its lines, which may be secrets, are not repeated."""
    profile.write_bytes(data)
    with pytest.raises(OptionsError, match="not a readable INI file") as caught:
        find_account({}, profile)
    assert str(profile) in str(caught.value)
    assert "TOPSECRET" not in "".join(traceback.format_exception(caught.value))


def test_a_profile_that_cannot_be_opened_is_an_error(tmp_path):
    """A folder in the file's place is said instead of passed over."""
    with pytest.raises(OptionsError, match="not a readable INI file"):
        find_account({}, tmp_path)


def test_a_home_that_is_no_folder_holds_no_profile(monkeypatch):
    """A service account whose home is ``/dev/null`` has no profile, and no error."""
    monkeypatch.setenv("HOME", "/dev/null")
    assert find_account({}) is None


def test_an_unknown_home_holds_no_profile():
    """Nor has a user whose home nobody knows."""
    assert find_account({}, "~nobody-of-this-name/.cos.conf") is None


def test_a_pair_pasted_badly_is_told_without_its_text():
    """A blank inside a key is said; the key is not shown."""
    with pytest.raises(OptionsError, match="blank") as caught:
        find_account({"COS_SECRET_ID": "id", "COS_SECRET_KEY": "TOP SECRET"})
    assert "TOP" not in str(caught.value)


def test_an_account_shows_no_key(profile):
    """The repr of an account tells where it was found, and nothing secret."""
    shown = repr(find_account({}, profile))
    assert "file-key" not in shown
    assert "file-token" not in shown
    assert "filebucket-1250000000" in shown
