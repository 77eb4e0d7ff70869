"""Host names that stand for a bucket: which bucket, where, and what answers there."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ANYWHERE", "BucketHost"]

ANYWHERE = "accelerate"
"""What stands for the region in the host of global acceleration."""

_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9-]*-[0-9]+)\.(?P<family>cos|cos-internal|pic|ci)\."
    r"(?P<region>[a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)"
)


@dataclass(frozen=True, slots=True)
class BucketHost:
    """What a ``Host`` header says.

    Attributes
    ----------
    bucket : str
        ``name-appid``.
    region : str
        `ANYWHERE` for global acceleration.
    family : str
        ``cos`` and ``cos-internal`` for objects, ``pic`` for pictures, ``ci`` for the
        job interfaces.
    """

    bucket: str
    region: str
    family: str

    @classmethod
    def parse(cls, host: str) -> BucketHost | None:
        """Read a ``Host`` header; None when it names no bucket (an IP, a CNAME).

        Parameters
        ----------
        host : str
            With or without a port; under ``myqcloud.com`` or ``tencentcos.cn``.

        Examples
        --------
        >>> BucketHost.parse("a-1250000000.pic.ap-guangzhou.myqcloud.com:443")
        BucketHost(bucket='a-1250000000', region='ap-guangzhou', family='pic')
        """
        match = _HOST.fullmatch(host.partition(":")[0].lower())
        return cls(match["bucket"], match["region"], match["family"]) if match else None
