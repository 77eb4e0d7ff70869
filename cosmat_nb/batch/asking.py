"""What a batch asks for each picture: which options, and where results are saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosmat_nb.client.matting import plan_results
from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions
from cosmat_nb.places import is_address
from cosmat_nb.store.answer_key import AnswerKey

if TYPE_CHECKING:
    from cosmat_nb.client.blocking import MattingClient

__all__ = ["SAVE_AS", "Asking", "SaveAs"]

SAVE_AS = "cutouts/{name}/{key}.png"
"""Where mode "stored" saves a cutout: in a folder of their own, so that a later listing
of the sources does not take them for sources."""

SaveAs = str | Callable[[str, str], str]
"""A template with ``{key}``, ``{stem}`` (the key without its extension) and ``{name}``
(of the options), or a function of key and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a batch asks; the same for its plan and for its run.

    Attributes
    ----------
    client : MattingClient
        Who will ask.
    service, bucket : str
        Its ``service`` and bucket.
    options : dict of str to MattingOptions
        By name; mode "download" has one, and its name is not used.
    save_as : SaveAs or None
        How results are named in the bucket; None in mode "download".

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> with cm.connect_emulator(cm.Emulator()) as client:
    ...     asking = Asking.of(client, cm.MattingOptions(), "stored")
    >>> list(asking.results("samples/mug.jpg"))
    ['cutouts/AIPicMatting/samples/mug.jpg.png']
    """

    client: MattingClient
    service: str
    bucket: str
    options: Mapping[str, MattingOptions]
    save_as: SaveAs | None = None

    @classmethod
    def of(
        cls,
        client: MattingClient,
        options: MattingOptions | Mapping[str, MattingOptions],
        mode: str = "download",
        save_as: SaveAs = SAVE_AS,
    ) -> Asking:
        """Check what a verb was called with.

        Parameters
        ----------
        client : MattingClient
            Who will ask.
        options : MattingOptions or mapping of str to MattingOptions
            Mode "stored" takes one to five by name; options without a name go by that
            of their operation.
        mode : {"download", "stored"}
            Whether cutouts come back or are saved in the bucket.
        save_as : str or callable
            As `SaveAs` says; used in mode "stored".

        Raises
        ------
        OptionsError
            For options, a mode or a template of the wrong kind, and for a template
            that gives two options the same key.
        """
        if mode not in ("download", "stored"):
            raise OptionsError(f"mode must be 'download' or 'stored'; not {mode!r}")
        stored = mode == "stored"
        if isinstance(options, MattingOptions):
            options = {str(options.operation): options}
        elif not stored or not isinstance(options, Mapping):
            raise OptionsError(
                "options must be MattingOptions(...)"
                + (
                    ", or a mapping of names to them"
                    if stored
                    else " in mode 'download'"
                )
                + f"; got {type(options).__name__}"
            )
        asking = cls(
            client=client,
            service=client.service,
            bucket=client.address.bucket,
            options=dict(options),
            save_as=save_as if stored else None,
        )
        if stored:
            asking.check_results("a.jpg")
        return asking

    @property
    def source(self) -> str:
        """What column ``source`` says of an answer: ``cloud`` or ``emulator``."""
        return "emulator" if self.client.emulated else "cloud"

    def results(self, key: str) -> dict[str, MattingOptions]:
        """Name the results of one source, as ``client.matte_stored`` takes them.

        Raises
        ------
        OptionsError
            When two results have the same name, or a name is no string.
        """
        named = {_named(self.save_as, key, name): name for name in self.options}
        if len(named) < len(self.options):
            raise OptionsError(
                f"save_as={self.save_as!r} gives results of {key!r} the same key: "
                "put {name} into it"
            )
        return {result: self.options[name] for result, name in named.items()}

    def check_results(self, key: str) -> None:
        """Refuse results that the service would not make of one source.

        Raises
        ------
        OptionsError
            As ``client.matte_stored`` raises it.
        """
        operations = plan_results(
            key,
            self.results(key),
            own=self.bucket,
            bucket=None,
            picture_info=False,
            overwrite=False,
        )
        _ = operations.header  # reading it is what checks its length

    def keys(self, place: str, identity: str = "") -> tuple[AnswerKey, ...]:
        """Name the answers that one source is to have.

        Parameters
        ----------
        place : str
            Object key or address that the client takes; in mode "stored" a key.
        identity : str, default ""
            The source's ETag, where it is known.

        Raises
        ------
        OptionsError
            When results cannot be named.
        """
        if self.save_as is None:
            (options,) = self.options.values()
            if is_address(place):
                return (AnswerKey.of_address(self.service, place, options),)
            key = AnswerKey.of_key(self.service, self.bucket, place, options, identity)
            return (key,)
        return tuple(
            AnswerKey.of_key(
                self.service,
                self.bucket,
                place,
                options,
                identity,
                saved_as=f"{self.bucket}/{result}",
            )
            for result, options in self.results(place).items()
        )


def _named(save_as: SaveAs | None, key: str, name: str) -> str:
    if callable(save_as):
        result = save_as(key, name)
    else:
        folder, slash, last = key.rpartition("/")
        stem = folder + slash + (last.rpartition(".")[0] or last)
        try:
            result = str(save_as).format(key=key, stem=stem, name=name)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise OptionsError(
                f"save_as may hold {{key}}, {{stem}} and {{name}}; {save_as!r} holds "
                f"something else: {error!r:.40}"
            ) from None
    if not isinstance(result, str):
        raise OptionsError(
            f"save_as must give object keys; for {key!r} it gave "
            f"{type(result).__name__}"
        )
    return result
