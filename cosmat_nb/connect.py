"""Ways to a client: the one room that knows both the cloud and the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.credentials import PROFILE, find_account
from cosmat_nb.client.recording import Recorder
from cosmat_nb.emulator.server import Emulator
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cosmat_nb.client.base import Settings
    from cosmat_nb.matting.engine import Engine
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["connect", "connect_cloud", "connect_emulator"]

TRIED = (
    "COS_SECRET_ID and COS_SECRET_KEY in the environment, "
    "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment, "
    f"secret_id and secret_key in {PROFILE}"
)


def connect() -> MattingClient:
    """Connect to the cloud if credentials are configured, else to the emulator.

    The client's repr says which. Nothing is sent yet, and nothing is printed. Without
    credentials every call starts an emulator of its own: keep the client, close it.

    Returns
    -------
    MattingClient
        Close it when done; that also stops an emulator started here.

    Raises
    ------
    OptionsError
        When credentials are configured but no bucket and region.
    """
    account = find_account()
    if account is None:
        return connect_emulator()
    if not (account.bucket and account.region):
        raise OptionsError(
            f"credentials found in {account.origin}, but no bucket and region: set "
            "COS_BUCKET and COS_REGION, or call connect_cloud(bucket, region), or "
            "connect_emulator() to pay nothing"
        )
    return connect_cloud(
        account.bucket, account.region, credentials=account.credentials
    )


def connect_cloud(
    bucket: str,
    region: str,
    *,
    credentials: Credentials | Callable[[], Credentials] | None = None,
    record: str | Path | None = None,
    **settings: Unpack[Settings],
) -> MattingClient:
    """Connect to a bucket of the cloud service. Matting calls are paid.

    Parameters
    ----------
    bucket : str
        ``name-appid``.
    region : str
        For example ``ap-guangzhou``.
    credentials : Credentials or callable, optional
        By default looked for in the environment and the vendor's profile file.
    record : str or Path, optional
        Folder in which every exchange is kept as plain files, without signatures,
        tokens and key ids; ``cosmat serve --replay`` answers from it.
    **settings
        ``endpoint`` to send elsewhere, as ``http://127.0.0.1:8791``, ``concurrency`` of
        a batch, ``retry``, ``limits`` and the others of `MattingClient`.

    Raises
    ------
    OptionsError
        When a name is illegal, or no credentials are found; lists what was tried.
    """
    address = Address(bucket, region)
    if credentials is None:
        account = find_account()
        if account is None:
            raise OptionsError(
                f"no credentials: pass credentials=Credentials(id, key) or set one of "
                f"what was tried: {TRIED}; or use connect_emulator() to pay nothing"
            )
        credentials = account.credentials
    if record is not None:
        settings["recorder"] = Recorder(record)
    return MattingClient(
        address,
        credentials,
        **settings,
    )


def connect_emulator(
    emulator: Emulator | None = None,
    *,
    engine: Engine | str | Path | None = None,
    **settings: Unpack[Settings],
) -> MattingClient:
    """Connect to an emulator on this machine. Nothing is paid.

    Parameters
    ----------
    emulator : Emulator, optional
        Started here when it is not yet, and then stopped with the client. By default
        one with drawn sample scenes.
    engine : Engine, str or Path, optional
        What cuts where no emulator is given, as `get_engine` takes it: by default the
        package's own network.
    **settings
        ``concurrency`` of a batch, ``retry``, ``limits`` and the others of
        `MattingClient`; the endpoint is the emulator's.

    Raises
    ------
    OptionsError
        When the engine is unknown or its file is missing or damaged, and for an engine
        beside an emulator, which has one.

    Examples
    --------
    >>> from cosmat_nb.emulator.server import Emulator
    >>> with connect_emulator(Emulator()) as client:
    ...     client.put("note.txt", b"hello")
    ...     client.fetch("note.txt")
    '5d41402abc4b2a76b9719d911017c592'
    b'hello'
    """
    if emulator is None:
        emulator = Emulator.with_samples(engine="cosmat" if engine is None else engine)
    elif engine is not None:
        raise OptionsError(
            "the emulator that is given has an engine: make it as Emulator(engine=…)"
        )
    ours = not emulator.is_running
    emulator.start()
    try:
        settings["endpoint"] = emulator.endpoint
        settings["emulator_version"] = emulator.version
        return MattingClient(
            emulator.address,
            emulator.credentials,
            on_close=emulator.stop if ours else None,
            **settings,
        )
    except BaseException:
        if ours:
            emulator.stop()
        raise
