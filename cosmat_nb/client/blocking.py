"""The blocking client: one pool of connections, safe to share between threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from cosmat_nb.client import questions
from cosmat_nb.client.base import BaseClient, Settings
from cosmat_nb.client.channel import Channel
from cosmat_nb.client.driver import drive
from cosmat_nb.options import MattingOptions, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
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

__all__ = ["MattingClient"]

T = TypeVar("T")


class MattingClient(BaseClient):
    """Calls the matting service of one bucket.

    Made by `connect`, `connect_cloud` or `connect_emulator`. Share one between threads
    and close it, or use it in a ``with`` block.

    Parameters
    ----------
    address, credentials, **settings
        As in `BaseClient`.
    on_close : callable, optional
        Called after the connections are closed.
    transport : httpx.BaseTransport, optional
        Replaces the network; for tests.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials | Callable[[], Credentials],
        *,
        on_close: Callable[[], None] | None = None,
        transport: httpx.BaseTransport | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(address, credentials, **settings)
        self._on_close = on_close
        self._channel = Channel(
            self.endpoint,
            idle=self.concurrency,
            direct=self.emulated,
            elapsed=self._clock.elapsed,
            recorder=self._recorder,
            transport=transport,
        )
        self._send, self._sleep = self._channel.send, self._clock.sleep
        self._ungated: MattingClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Who interrupts a batch twice does not wait for its calls here instead.
        self._close(patient=kind is None or not issubclass(kind, KeyboardInterrupt))

    def close(self) -> None:
        """Answer what is in flight, disconnect, and stop an emulator of `connect`."""
        self._close(patient=True)

    def _close(self, *, patient: bool) -> None:
        try:
            self._channel.close(patient=patient)
        finally:
            if self._on_close:
                self._on_close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._channel.is_closed

    def check(
        self, prefix: str = "", operation: Operation = Operation.GENERAL
    ) -> Checkup:
        """Tell what keeps this client from matting; cuts nothing, see `Checkup`."""
        return self._run(self._verbs.check(self._who, prefix, operation))

    def matte(self, key: str, options: MattingOptions = MattingOptions()) -> Cutout:
        """Cut out the subject of a stored picture. A paid call.

        Parameters
        ----------
        key : str
            Object key of a JPEG or PNG.
        options : MattingOptions
            Operation, centring, padding.

        Returns
        -------
        Cutout
            Held in memory; `Cutout.save` writes it.
        """
        fetch = (self._ungated or self).fetch
        return self._run(self._verbs.matte(key, options, fetch))

    def matte_url(self, url: str, options: MattingOptions = MattingOptions()) -> Cutout:
        """Cut out the subject of any public picture (``detect-url``). A paid call.

        Parameters
        ----------
        url : str
            As a browser's address line copies it; on no private host.
        options : MattingOptions
            Operation, centring, padding.
        """
        return self._run(self._verbs.matte_url(url, options))

    def matte_upload(
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
        """Upload a picture and keep its cutout in the bucket. A paid call.

        Parameters
        ----------
        key : str
            Object key for the picture.
        image : bytes or Path
            A JPEG or PNG within the client's `limits`.
        save_as : str
            Object key for the cutout, from the bucket's root.
        options : MattingOptions
            Operation, centring, padding.
        bucket : str, optional
            Another bucket for the cutout, ``name-appid``.
        picture_info : bool, default False
            Whether the answer tells size and colours of the picture.
        overwrite : bool, default False
            Whether the cutout may take the picture's place.

        Returns
        -------
        UploadResult
            The cutout itself stays in the bucket: `fetch` it.

        Raises
        ------
        ImageError
            When the picture breaks a limit; nothing is sent.
        ResultMissingError
            When the picture was stored and the answer names no cutout.
        """
        return self._run(
            self._verbs.matte_upload(
                key,
                image,
                {save_as: options},
                bucket=bucket,
                picture_info=picture_info,
                overwrite=overwrite,
            )
        )

    def matte_stored(
        self,
        key: str,
        results: Mapping[str, MattingOptions],
        *,
        bucket: str | None = None,
        picture_info: bool = False,
        overwrite: bool = False,
    ) -> UploadResult:
        """Cut out a stored picture and keep the cutouts in the bucket. Paid calls.

        Parameters
        ----------
        key : str
            Object key of the picture.
        results : mapping of str to MattingOptions
            One to five: options by the object key that their cutout is saved as.
        bucket, picture_info, overwrite
            As in `matte_upload`.

        Raises
        ------
        ResultMissingError
            When the answer does not name every cutout; says which.
        """
        return self._run(
            self._verbs.matte_stored(
                key,
                results,
                bucket=bucket,
                picture_info=picture_info,
                overwrite=overwrite,
            )
        )

    def probe(self, key: str) -> PictureInfo:
        """Format, size and bytes of a stored picture, from its first bytes alone.

        ``client.limits.refusal(client.probe(key))`` says why it would be refused.

        Returns
        -------
        PictureInfo
            Height and width as stored, px, for JPEG and PNG.

        Raises
        ------
        ImageError
            When its header is damaged.
        """
        return self._run(self._verbs.probe(key))

    def fetch(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Download an object or a part of it.

        Parameters
        ----------
        key : str
            Object key.
        start, stop : int
            First byte, and the one after the last; by default the whole object.
        """
        return self._run(self._verbs.fetch(key, start, stop))

    def fetch_changed(self, key: str, etag: str) -> bytes | None:
        """Download an object; None when it still has this ETag, as `head` tells it."""
        return self._run(self._verbs.ask(questions.fetch_changed(key, etag)))

    def head(self, key: str) -> ObjectInfo:
        """Size, ETag and date of an object."""
        return self._run(self._verbs.ask(questions.head(key)))

    def put(
        self, key: str, data: bytes, *, content_type: str = "application/octet-stream"
    ) -> str:
        """Upload an object and return its ETag."""
        return self._run(self._verbs.ask(questions.put(key, data, content_type)))

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._run(self._verbs.ask(questions.delete(key)))

    def delete_objects(self, keys: Iterable[str]) -> DeleteResult:
        """Remove many objects, 1000 a request; the result tells which could not be."""
        return self._run(self._verbs.delete_objects(keys))

    def list_pages(
        self, prefix: str = "", *, delimiter: str = "", page_size: int = questions.PAGE
    ) -> Iterator[Listing]:
        """List keys that start with `prefix`, 1 to 1000 entries a page.

        With a delimiter, as ``/``, "folders" are ``common_prefixes``.
        """
        marker = ""
        while True:
            question = questions.list_page(prefix, marker, delimiter, page_size)
            page = self._run(self._verbs.ask(question))
            yield page
            marker = page.next_marker
            if not marker:
                return

    def list_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List objects in UTF-8 byte order of their keys, page by page as read."""
        for page in self.list_pages(prefix):
            yield from page.contents

    def _run(self, steps: Steps[T]) -> T:
        return drive(steps, self._send, self._sleep)
