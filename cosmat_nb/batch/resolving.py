"""Each distinct picture of a batch: refused, answered before, or to be asked for."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from cosmat_nb.errors import OptionsError
from cosmat_nb.places import is_address, shown_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cosmat_nb.batch.asking import Asking
    from cosmat_nb.batch.sources import Source
    from cosmat_nb.store.answer_key import AnswerKey
    from cosmat_nb.store.store import Store

__all__ = ["Resolved", "resolve"]

GROUP = 4096
"""Pictures looked up in the store at once: bounds what a large batch holds."""


class Resolved(NamedTuple):
    """What stands between one picture and its cutout.

    Attributes
    ----------
    place : str
        Object key or address.
    keys : tuple of AnswerKey
        The answers it is to have: one, or one for each result in mode "stored".
    found : tuple
        As many: the stored `Cutout` (in mode "stored" the `StoredPicture`), or None.
    error : OptionsError or None
        Why it is refused; then nothing is asked for it.
    reason : str
        The same in two or three words that name no key; empty unless refused.
    """

    place: str
    keys: tuple[AnswerKey, ...] = ()
    found: tuple[Any, ...] = ()
    error: OptionsError | None = None
    reason: str = ""

    @property
    def missing(self) -> tuple[AnswerKey, ...]:
        """The answers to ask for: one paid call each. None of a refused picture."""
        if self.error is not None or all(self.found):
            return ()
        pairs = zip(self.keys, self.found, strict=True)
        return tuple(key for key, found in pairs if found is None)

    def with_found(self, answers: Iterable[Any]) -> Resolved:
        """Return the same with answers, or None, in the place of what was missing."""
        left = iter(answers)
        found = tuple(next(left) if old is None else old for old in self.found)
        return self._replace(found=found)


def resolve(
    sources: Mapping[str, Source],
    asking: Asking,
    store: Store,
    taken: dict[str, str] | None = None,
) -> Iterator[Resolved]:
    """Tell of each picture what is to be done, in order; sends nothing.

    Parameters
    ----------
    sources : mapping of str to Source
        As ``read_sources(...).of``.
    asking : Asking
        What is asked for each.
    store : Store
        Where answers are looked for.
    taken : dict of str to str, optional
        In mode "stored" each result's source so far; kept by who resolves a batch in
        parts.

    Yields
    ------
    Resolved
        One for each source. What is stored is found even where the picture would be
        refused today: it costs nothing. Refused are places that the client refuses,
        keys that end in ``/``, files of 0 bytes or of more than the client's `limits`,
        and in mode "stored" results that would replace a source or another result.
    """
    taken = {} if taken is None else taken
    left = iter(sources.values())
    while group := list(islice(left, GROUP)):
        begun = [_begin(source, sources, asking, taken) for source in group]
        answers = iter(
            store.find(
                [key for each in begun for key in each.keys], asking.client.fetch
            )
        )
        for source, each in zip(group, begun, strict=True):
            found = tuple(islice(answers, len(each.keys)))
            yield each if each.error else _judge(source, each.keys, found, asking)


def _begin(
    source: Source, sources: Mapping[str, Source], asking: Asking, taken: dict[str, str]
) -> Resolved:
    place, reason = source.place, "not a legal key or address"
    try:
        asking.client.check_place(place)
        if asking.save_as is None:
            return Resolved(place, asking.keys(place, source.identity))
        reason = "an address, in mode 'stored'"
        _check_key(place)
        reason = "no place for its cutout"
        results = set(asking.results(place))
        _check_results(place, results, sources, taken)
        keys = asking.keys(place, source.identity)
    except OptionsError as error:
        return Resolved(place, error=error, reason=reason)
    taken |= dict.fromkeys(results, place)
    return Resolved(place, keys)


def _check_key(place: str) -> None:
    if is_address(place):
        raise OptionsError(
            "mode 'stored' takes object keys, since it saves beside the source; got "
            f"{shown_place(place)!r}: use mode='download'"
        )


def _check_results(
    place: str, results: set[str], sources: Mapping[str, Source], taken: dict[str, str]
) -> None:
    for result in results:
        if result in sources or taken.get(result, place) != place:
            what = "another source" if result in sources else "another row's cutout"
            raise OptionsError(
                f"the cutout of {place!r} would be saved as {result!r}, which is "
                f"{what}: choose another save_as"
            )


def _judge(
    source: Source,
    keys: tuple[AnswerKey, ...],
    found: tuple[Any, ...],
    asking: Asking,
) -> Resolved:
    if not any(answer is None for answer in found):
        return Resolved(source.place, keys, found)
    try:
        reason = _doubt(source, asking)
        if asking.save_as is not None:
            asking.check_results(source.place)
    except OptionsError as error:
        return Resolved(source.place, keys, found, error, "no place for its cutout")
    refusal = OptionsError(f"{source.place!r} is {reason}; it is not sent")
    return Resolved(source.place, keys, found, refusal if reason else None, reason)


def _doubt(source: Source, asking: Asking) -> str:
    limits, nbytes = asking.client.limits, source.nbytes
    if is_address(source.place):
        return ""
    if source.place.endswith("/"):
        return "a folder"
    if nbytes == 0:
        return "an empty file"
    if limits is not None and nbytes is not None and nbytes > limits.max_bytes:
        return f"a file of more than {limits.max_bytes} bytes"
    return ""
