"""The rights that calls need, as a policy text for the access console."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import check_key, encode
from cosmat_nb.wire.rights import BY_KEY, JOBS, NOTES, RIGHTS, STORING, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosmat_nb.wire.address import Address

__all__ = ["Grant", "Policy", "required_policy"]


class Grant(NamedTuple):
    """One action on one resource.

    Attributes
    ----------
    resource : str
        In six parts, as ``qcs::cos:region:uid/appid:bucket-appid/*``.
    action : str
        As ``name/cos:GetObject``.
    prefix : str
        What a listing must ask for, percent-encoded; empty for no condition.
    """

    resource: str
    action: str
    prefix: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Policy:
    """What is allowed: as text the JSON that the console takes, shown with its notes.

    Parameters
    ----------
    grants : tuple of Grant
        Sorted, without repetition.
    notes : tuple of str
        What the vendor's pages leave open here. They stay out of the text: the console
        may not take comments (436/31923).

    Examples
    --------
    >>> place = "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/*"
    >>> policy = Policy((Grant(place, "name/cos:HeadObject"),))
    >>> policy.document["statement"][0]["action"]
    ['name/cos:HeadObject']
    """

    grants: tuple[Grant, ...]
    notes: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The policy as plain values; a new one each time."""
        actions: dict[tuple[str, str], list[str]] = {}
        for grant in self.grants:
            place = (grant.prefix, grant.resource)
            actions.setdefault(place, []).append(grant.action)
        resources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (prefix, resource), names in actions.items():
            resources.setdefault((prefix, tuple(names)), []).append(resource)
        return {
            "version": "2.0",
            "statement": [
                _statement(names, places, prefix)
                for (prefix, names), places in resources.items()
            ],
        }

    def __str__(self) -> str:
        # The vendor wants keys that are not ASCII written as they are (436/31923).
        return json.dumps(self.document, indent=2, ensure_ascii=False)

    def __repr__(self) -> str:
        return "\n".join([str(self), *(f"# {note}" for note in self.notes)])


def _statement(
    actions: Iterable[str], resources: Iterable[str], prefix: str
) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "effect": "allow",
        "action": list(actions),
        "resource": list(resources),
    }
    if prefix:
        statement["condition"] = {"string_equal": {"cos:prefix": prefix}}
    return statement


def required_policy(
    address: Address,
    methods: Iterable[str],
    *,
    prefix: str = "",
    results: Address | None = None,
    operations: Iterable[Operation] = (Operation.GENERAL,),
) -> Policy:
    """Write the smallest policy under which a client may call some of its methods.

    Parameters
    ----------
    address : Address
        The client's bucket; its appid ends the bucket's name.
    methods : iterable of str, or str
        ``check`` (matting of a missing key; it may list or not), ``delete``,
        ``delete_objects``, ``fetch``, ``head``, ``list_objects``, ``matte``,
        ``matte_stored`` (POST ``?image_process``), ``matte_upload`` (PUT with
        ``Pic-Operations``), ``matte_url`` (``detect-url``), ``probe``, ``put``.
    prefix : str, default ""
        What all keys start with that are read, written or listed, in both buckets;
        end it in ``/`` for a folder. By default all keys.
    results : Address, optional
        Where `matte_upload` and `matte_stored` put their results; by default `address`.
    operations : iterable of Operation, or Operation
        The operations that are asked for; each has an action of its own.

    Returns
    -------
    Policy
        For a sub-account, a role or temporary keys; a bucket's own policy would name
        a principal too. Read its `notes`: what is assumed stands there.

    Raises
    ------
    OptionsError
        When a method or an operation is unknown or there is none, or when `prefix`
        breaks the naming rules or holds ``*``, ``?`` or ``${``, which mean more than
        themselves in a policy, or may.

    Notes
    -----
    Documented: ``name/cos:`` actions, the object resource limited to a prefix,
    DeleteObject alone for many objects (436/31923, 436/30580, 436/8289);
    ``name/ci:`` actions on ``qcs::ci:…:bucket/name/*`` (460/41742); GetObject
    with CreateS3AIPicMattingJob or CreateGoodsMattingJob while downloading, COS actions
    alone for stored results (436/75232, 1045/72933); ``cos:prefix``, percent-encoded,
    for listings (436/46206). Nothing here was tried on a live account.

    Examples
    --------
    >>> from cosmat_nb.wire.address import Address
    >>> bucket = Address("examplebucket-1250000000", "ap-guangzhou")
    >>> required_policy(bucket, ["head"], prefix="photos/")
    {
      "version": "2.0",
      "statement": [
        {
          "effect": "allow",
          "action": [
            "name/cos:HeadObject"
          ],
          "resource": [
            "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/photos/*"
          ]
        }
      ]
    }
    """
    names = _known(methods)
    kinds = _kinds(operations)
    start = _plain(prefix)
    grants = {
        *_storage(names, address, results or address, start),
        *_matting(names, address, start, kinds),
    }
    notes = (
        note.text
        for note in NOTES
        if names & set(note.methods.split()) and kinds & set(note.operations)
    )
    return Policy(tuple(sorted(grants)), tuple(notes))


def _known(methods: Iterable[str]) -> set[str]:
    names = [methods] if isinstance(methods, str) else list(methods)
    unknown = [name for name in names if name not in RIGHTS]
    if unknown or not names:
        got = ", ".join(map(repr, unknown)) or "none"
        raise OptionsError(f"methods must be some of {', '.join(RIGHTS)}; got {got}")
    return set(names)


def _kinds(operations: Iterable[Operation]) -> set[Operation]:
    values: Iterable[Any] = [operations] if isinstance(operations, str) else operations
    kinds = {MattingOptions(operation=value).operation for value in values}
    if not kinds:
        raise OptionsError(f"operations must be some of {', '.join(Operation)}")
    return kinds


def _plain(prefix: str) -> str:
    if prefix == "":
        return prefix
    if any(sign in check_key(prefix) for sign in ("*", "?", "${")):
        raise OptionsError(f"prefix may not hold *, ? or ${{ in a policy: {prefix!r}")
    return prefix


def _storage(
    names: set[str], address: Address, results: Address, start: str
) -> Iterator[Grant]:
    places = {
        Scope.OBJECTS: f"{_bucket('cos', address)}/{start}*",
        Scope.RESULTS: f"{_bucket('cos', results)}/{start}*",
        Scope.ROOT: f"{_bucket('cos', address)}/",
        Scope.LISTING: f"{_bucket('cos', address)}/*",
    }
    for name in names:
        for scope, action in RIGHTS[name]:
            listed = encode(start) if scope is Scope.LISTING else ""
            yield Grant(places[scope], f"name/cos:{action}", listed)


def _matting(
    names: set[str], address: Address, start: str, kinds: set[Operation]
) -> Iterator[Grant]:
    # Without a key there is no prefix, and what is granted then holds for keys too.
    path = "" if "matte_url" in names else start
    for kind in kinds:
        needy = BY_KEY | {"matte_url"}
        if kind is Operation.PORTRAIT:
            needy |= STORING
        if names & needy:
            yield Grant(f"{_bucket('ci', address)}/{path}*", f"name/ci:{JOBS[kind]}")


def _bucket(service: str, address: Address) -> str:
    appid = address.bucket.rpartition("-")[2]
    kind = "bucket/" if service == "ci" else ""
    return f"qcs::{service}:{address.region}:uid/{appid}:{kind}{address.bucket}"
