"""A bucket's listing as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cosmat_nb.batch.work import check_client

if TYPE_CHECKING:
    from cosmat_nb.client.blocking import MattingClient

__all__ = ["list_frame"]


def list_frame(client: MattingClient, prefix: str = "") -> pd.DataFrame:
    """List a bucket into a frame, one row an object.

    Parameters
    ----------
    client : MattingClient
        Whose bucket.
    prefix : str, default ""
        Only keys that start so.

    Returns
    -------
    DataFrame
        ``key`` (str), ``size`` (int64, bytes), ``etag`` (str), ``last_modified``
        (datetime64[us, UTC]), in UTF-8 byte order of the keys; these columns also when
        nothing was found.

    Raises
    ------
    CallError
        When a page cannot be had.
    OptionsError
        When `client` is something else.
    """
    check_client(client)
    infos = list(client.list_objects(prefix))
    return pd.DataFrame(
        {
            "key": pd.Series([info.key for info in infos], dtype="str"),
            "size": pd.Series([info.size for info in infos], dtype="int64"),
            "etag": pd.Series([info.etag for info in infos], dtype="str"),
            "last_modified": pd.Series(
                [info.last_modified for info in infos], dtype="datetime64[us, UTC]"
            ),
        }
    )
