"""The awaiting client: the same calls by the same rules, with ``await``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from cosmat_nb.client import questions
from cosmat_nb.client.async_channel import AsyncChannel
from cosmat_nb.client.base import BaseClient, Settings
from cosmat_nb.client.driver import drive_awaiting
from cosmat_nb.options import MattingOptions, Operation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    import httpx

    from cosmat_nb.client.checkup import Checkup
    from cosmat_nb.client.steps import Steps
    from cosmat_nb.cutout import Cutout
    from cosmat_nb.wire.address import Address
    from cosmat_nb.wire.credentials import Credentials
    from cosmat_nb.wire.deletion import DeleteResult
    from cosmat_nb.wire.documents import Listing, ObjectInfo
    from cosmat_nb.wire.picture import PictureInfo
    from cosmat_nb.wire.results import UploadResult

__all__ = ["AsyncMattingClient"]

T = TypeVar("T")


class AsyncMattingClient(BaseClient):
    """The calls of `MattingClient` for one event loop.

    A batch over a frame is faster with `MattingClient` in threads; this one is for
    programs that await already. Cancelling a call loses its answer, which may have been
    paid for. A `Cutout` from here does not know its source: await `fetch` for that.

    Parameters
    ----------
    address, credentials, **settings
        As in `BaseClient`. A function that returns credentials blocks the loop while
        it runs.
    transport : httpx.AsyncBaseTransport, optional
        Replaces the network; for tests.

    Examples
    --------
    >>> import asyncio
    >>> import cosmat_nb as cm
    >>> async def fetch(client):
    ...     async with cm.AsyncMattingClient.like(client) as awaiting:
    ...         await awaiting.put("note.txt", b"hello")
    ...         return await awaiting.fetch("note.txt", 1, 3)
    >>> with cm.connect_emulator(cm.Emulator()) as client:
    ...     asyncio.run(fetch(client))
    b'el'
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials | Callable[[], Credentials],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(address, credentials, **settings)
        self._channel = AsyncChannel(
            self.endpoint,
            idle=self.concurrency,
            direct=self.emulated,
            recorder=self._recorder,
            transport=transport,
        )

    @classmethod
    def like(cls, client: BaseClient) -> Self:
        """Make an awaiting client of the same bucket, account and settings.

        Parameters
        ----------
        client : MattingClient
            As `connect` makes it; it must stay open while it runs an emulator.
        """
        account = client._credentials  # noqa: SLF001 - another client of ours
        return cls(client.address, account, **client._settings)  # noqa: SLF001 - likewise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let calls in flight be answered, then close the connections."""
        await self._channel.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._channel.is_closed

    async def check(
        self, prefix: str = "", operation: Operation = Operation.GENERAL
    ) -> Checkup:
        """As `MattingClient.check`."""
        return await self._run(self._verbs.check(self._who, prefix, operation))

    async def matte(
        self, key: str, options: MattingOptions = MattingOptions()
    ) -> Cutout:
        """As `MattingClient.matte`. A paid call."""
        return await self._run(self._verbs.matte(key, options))

    async def matte_url(
        self, url: str, options: MattingOptions = MattingOptions()
    ) -> Cutout:
        """As `MattingClient.matte_url`. A paid call."""
        return await self._run(self._verbs.matte_url(url, options))

    async def matte_upload(
        self,
        key: str,
        image: bytes | Path,
        *,
        save_as: str,
        options: MattingOptions = MattingOptions(),
        bucket: str | None = None,
        picture_info: bool = False,
        overwrite: bool = False,
    ) -> UploadResult:
        """As `MattingClient.matte_upload`. A paid call."""
        return await self._run(
            self._verbs.matte_upload(
                key,
                image,
                {save_as: options},
                bucket=bucket,
                picture_info=picture_info,
                overwrite=overwrite,
            )
        )

    async def matte_stored(
        self,
        key: str,
        results: Mapping[str, MattingOptions],
        *,
        bucket: str | None = None,
        picture_info: bool = False,
        overwrite: bool = False,
    ) -> UploadResult:
        """As `MattingClient.matte_stored`. Paid calls."""
        return await self._run(
            self._verbs.matte_stored(
                key,
                results,
                bucket=bucket,
                picture_info=picture_info,
                overwrite=overwrite,
            )
        )

    async def probe(self, key: str) -> PictureInfo:
        """As `MattingClient.probe`."""
        return await self._run(self._verbs.probe(key))

    async def fetch(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """As `MattingClient.fetch`."""
        return await self._run(self._verbs.fetch(key, start, stop))

    async def fetch_changed(self, key: str, etag: str) -> bytes | None:
        """As `MattingClient.fetch_changed`."""
        return await self._run(self._verbs.ask(questions.fetch_changed(key, etag)))

    async def head(self, key: str) -> ObjectInfo:
        """As `MattingClient.head`."""
        return await self._run(self._verbs.ask(questions.head(key)))

    async def put(
        self, key: str, data: bytes, *, content_type: str = "application/octet-stream"
    ) -> str:
        """As `MattingClient.put`."""
        return await self._run(self._verbs.ask(questions.put(key, data, content_type)))

    async def delete(self, key: str) -> None:
        """As `MattingClient.delete`."""
        await self._run(self._verbs.ask(questions.delete(key)))

    async def delete_objects(self, keys: Iterable[str]) -> DeleteResult:
        """As `MattingClient.delete_objects`."""
        return await self._run(self._verbs.delete_objects(keys))

    async def list_pages(
        self, prefix: str = "", *, delimiter: str = "", page_size: int = questions.PAGE
    ) -> AsyncIterator[Listing]:
        """As `MattingClient.list_pages`, for ``async for``."""
        marker = ""
        while True:
            question = questions.list_page(prefix, marker, delimiter, page_size)
            page = await self._run(self._verbs.ask(question))
            yield page
            marker = page.next_marker
            if not marker:
                return

    async def list_objects(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """As `MattingClient.list_objects`, for ``async for``."""
        async for page in self.list_pages(prefix):
            for info in page.contents:
                yield info

    async def _run(self, steps: Steps[T]) -> T:
        return await drive_awaiting(steps, self._channel.send, asyncio.sleep)
