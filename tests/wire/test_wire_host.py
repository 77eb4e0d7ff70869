"""Hosts that stand for a bucket."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.wire.host import ANYWHERE, BucketHost

BUCKET, REGION = "examplebucket-1250000000", "ap-guangzhou"


# Host families: vendor's page "Regions and Access Endpoints".


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com", "cos"),
        ("examplebucket-1250000000.cos.ap-guangzhou.tencentcos.cn", "cos"),
        (
            "examplebucket-1250000000.cos-internal.ap-guangzhou.tencentcos.cn",
            "cos-internal",
        ),
        ("examplebucket-1250000000.pic.ap-guangzhou.myqcloud.com", "pic"),
        ("examplebucket-1250000000.ci.ap-guangzhou.myqcloud.com", "ci"),
        ("ExampleBucket-1250000000.COS.ap-guangzhou.MyQcloud.com", "cos"),
        ("examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com:8791", "cos"),
    ],
)
def test_every_host_family_names_bucket_and_region(host, family):
    """Each documented host family, in any case and with a port, names its bucket."""
    assert BucketHost.parse(host) == BucketHost(BUCKET, REGION, family)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:8791",
        "[::1]:8791",
        ":8791",
        "a-1250000000.s3.ap-guangzhou.myqcloud.com",
        "a-1250000000.cos..myqcloud.com",
        "évil-1.cos.ap-guangzhou.myqcloud.com",
        "localhost",
        "pictures.example.com",
        "examplebucket.cos.ap-guangzhou.myqcloud.com",
        "cos.ap-guangzhou.myqcloud.com",
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com.example.com",
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com\n",
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloudxcom",
        "1250000000.cos.ap-guangzhou.myqcloud.com",
        "-a-1250000000.cos.ap-guangzhou.myqcloud.com",
    ],
)
def test_a_host_of_another_kind_names_no_bucket(host):
    """A host that names no bucket and region gives None, whoever sent it."""
    assert BucketHost.parse(host) is None


def test_global_acceleration_names_no_region():
    """The accelerated host stands for the bucket wherever it is."""
    # Vendor's page "Global Acceleration": <bucket>.cos.accelerate.myqcloud.com.
    named = BucketHost.parse(f"{BUCKET}.cos.accelerate.myqcloud.com")
    assert named == BucketHost(BUCKET, ANYWHERE, "cos")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(host=st.text(max_size=80))
def test_no_host_breaks_the_reader(host):
    """Whatever stands in a Host header is a bucket's or nothing."""
    named = BucketHost.parse(host)
    assert named is None or named.bucket in host.lower()
