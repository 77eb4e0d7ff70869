"""The end of an export: what tells of all examples, and nothing left over."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.cards.card import write_card
from cosmat_nb.dataset.cards.croissant import write_croissant
from cosmat_nb.dataset.files import read_facts
from cosmat_nb.dataset.manifest import (
    CARD,
    CHECKSUMS,
    CROISSANT,
    HEAD,
    MANIFEST,
    order_record,
    show_checksums,
    show_head,
    show_manifest,
)
from cosmat_nb.errors import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cosmat_nb.dataset.exports.export import Export
    from cosmat_nb.dataset.exports.survey import Found
    from cosmat_nb.dataset.files import FileFacts
    from cosmat_nb.dataset.formats.format import Format
    from cosmat_nb.dataset.manifest import Head, Record

__all__ = ["finish_export"]


def finish_export(
    export: Export,
    format: Format,  # noqa: A002 - the word that write_dataset has for it
    records: Sequence[Record],
    units: Mapping[str, FileFacts],
    sum_up: Callable[[Sequence[Record]], Head],
) -> None:
    """Write indexes, manifest, head, card and checksums; remove what is left over.

    Parameters
    ----------
    export : Export
        Under way; finished afterwards.
    format : Format
        Its layout.
    records : sequence of dict
        Of all examples, in the manifest's order.
    units : mapping of str to FileFacts
        Every file of all units.
    sum_up : callable
        Makes the head from the records.

    Raises
    ------
    OSError
        When the disk is full or fails.
    """
    files = export.files()
    format.finish(records, files)
    # A format may write units anew once it knows all examples.
    facts = {**units, **files.written}
    sized = [_add_lengths(record, facts) for record in records]
    head = sum_up(sized)
    # The card first: an edited one is told by head and manifest as they were.
    if _is_edited(export, head):
        tell(f"{CARD} was changed by hand and stays: remove it to have it written anew")
        facts[CARD] = read_facts(export.folder / CARD)
    else:
        files.put(CARD, write_card(head, sized).encode())
    files.put(MANIFEST, show_manifest(sized))
    files.put(HEAD, show_head(head))
    facts |= files.written
    files.put(CROISSANT, write_croissant(head, sized, facts).encode())
    facts |= files.written
    export.sweep(facts)
    files.put(CHECKSUMS, show_checksums(facts))
    export.close()


def _add_lengths(record: Record, facts: Mapping[str, FileFacts]) -> dict[str, Any]:
    lengths = {role: facts[path].nbytes for role, path in record["files"].items()}
    return order_record({**record, "nbytes": lengths})


def _is_edited(export: Export, head: Head) -> bool:
    found: Found = export.found
    if found.head is None or CARD in found.past.begun:
        return False
    try:
        there = (export.folder / CARD).read_bytes()
    except OSError:
        return False
    if found.head.toolkit != head.toolkit:
        # Another version wrote another card of the same head.
        return hashlib.sha256(there).hexdigest() != found.checksums.get(CARD)
    return there != write_card(found.head, found.records).encode()
