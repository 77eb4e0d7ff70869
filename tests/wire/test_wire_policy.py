"""Policies grant what the calls need, written as the vendor writes it, and no more."""

import json
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import Operation
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.policy import Grant, Policy, required_policy
from cosmat_nb.wire.rights import RIGHTS

BUCKET = Address("examplebucket-1250000000", "ap-guangzhou")
OTHER = Address("cutouts-1250000001", "ap-shanghai")
COS = "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000"
CI = "qcs::ci:ap-guangzhou:uid/1250000000:bucket/examplebucket-1250000000"

law = settings(derandomize=True, deadline=None, max_examples=80)
some_methods = st.sets(st.sampled_from(sorted(RIGHTS)), min_size=1)
some_operations = st.sets(st.sampled_from(Operation), min_size=1)
prefixes = st.sampled_from(["", "photos", "photos/2026/", "图 片/"])
buckets = st.sampled_from([None, OTHER])


def triples(policy):
    """Action, resource and condition of everything that a document allows."""
    return {
        (action, resource, json.dumps(statement.get("condition")))
        for statement in policy.document["statement"]
        for action in statement["action"]
        for resource in statement["resource"]
    }


def covers(wide, narrow):
    """Whether a resource ending in ``*`` holds another one."""
    return wide != narrow and wide.endswith("*") and narrow.startswith(wide[:-1])


def widest(granted):
    """The same rights without those that a wider one holds."""
    return {
        (action, place, condition)
        for action, place, condition in granted
        if not any(
            (action, condition) == (one, case) and covers(wide, place)
            for one, wide, case in granted
        )
    }


def allows(policy, action, resource):
    """Whether a document lets an action on a resource pass, conditions aside."""
    return any(
        action in statement["action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["resource"])
        for statement in policy.document["statement"]
    )


def test_matting_a_key_needs_its_object_and_the_matting_action():
    """The pair of the vendor's matting page, each on the resource of its product."""
    policy = required_policy(BUCKET, ["matte"], prefix="photos/")
    assert policy.document == {
        "version": "2.0",
        "statement": [
            {
                "effect": "allow",
                "action": ["name/ci:CreateS3AIPicMattingJob"],
                "resource": [f"{CI}/photos/*"],
            },
            {
                "effect": "allow",
                "action": ["name/cos:GetObject"],
                "resource": [f"{COS}/photos/*"],
            },
        ],
    }


def test_a_text_for_the_console_is_what_the_document_says():
    """Written, a policy is this JSON text alone; shown, its notes follow."""
    policy = required_policy(BUCKET, "list_objects", prefix="图/")
    assert repr(policy) == "\n# ".join([str(policy), *policy.notes])
    assert (
        str(policy)
        == """{
  "version": "2.0",
  "statement": [
    {
      "effect": "allow",
      "action": [
        "name/cos:GetBucket"
      ],
      "resource": [
        "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/*"
      ],
      "condition": {
        "string_equal": {
          "cos:prefix": "%E5%9B%BE%2F"
        }
      }
    }
  ]
}"""
    )


def test_keys_that_are_not_ascii_are_written_as_they_are():
    """The vendor wants a Chinese path left Chinese in a resource."""
    assert f'"{COS}/图/*"' in str(required_policy(BUCKET, ["head"], prefix="图/"))


def test_listing_without_a_prefix_has_no_condition():
    """All keys may be listed where no prefix is named."""
    assert required_policy(BUCKET, ["list_objects"]).document["statement"] == [
        {
            "effect": "allow",
            "action": ["name/cos:GetBucket"],
            "resource": [f"{COS}/*"],
        }
    ]


def test_stored_results_are_written_to_their_own_bucket():
    """The source is read in one bucket and the result put into the other, only."""
    policy = required_policy(BUCKET, ["matte_stored"], prefix="a/", results=OTHER)
    assert policy.document["statement"] == [
        {
            "effect": "allow",
            "action": ["name/cos:GetObject"],
            "resource": [f"{COS}/a/*"],
        },
        {
            "effect": "allow",
            "action": ["name/cos:PutObject"],
            "resource": ["qcs::cos:ap-shanghai:uid/1250000001:cutouts-1250000001/a/*"],
        },
    ]


def test_resources_with_the_same_actions_share_a_statement():
    """Uploading puts the picture here and its result there: one statement says so."""
    policy = required_policy(BUCKET, ["matte_upload"], results=OTHER)
    assert policy.document["statement"] == [
        {
            "effect": "allow",
            "action": ["name/cos:PutObject"],
            "resource": [
                f"{COS}/*",
                "qcs::cos:ap-shanghai:uid/1250000001:cutouts-1250000001/*",
            ],
        },
    ]


def test_an_address_is_matted_without_a_right_to_any_object():
    """For ``detect-url`` GetObject stands on the bucket's root, which is no key."""
    policy = required_policy(BUCKET, ["matte_url"], prefix="photos/")
    assert triples(policy) == {
        ("name/ci:CreateS3AIPicMattingJob", f"{CI}/*", "null"),
        ("name/cos:GetObject", f"{COS}/", "null"),
    }


def test_a_check_needs_one_matting_and_no_listing():
    """It tries to list as well, and does without that right."""
    policy = required_policy(BUCKET, ["check"], prefix="a/", operations=Operation.GOODS)
    assert triples(policy) == {
        ("name/ci:CreateGoodsMattingJob", f"{CI}/a/*", "null"),
        ("name/cos:GetObject", f"{COS}/a/*", "null"),
    }


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("fetch", "GetObject"),
        ("probe", "GetObject"),
        ("head", "HeadObject"),
        ("put", "PutObject"),
        ("delete", "DeleteObject"),
        ("delete_objects", "DeleteObject"),
    ],
)
def test_a_call_on_objects_needs_one_action(method, action):
    """One storage action on the objects under the prefix, and no matting."""
    policy = required_policy(BUCKET, [method], prefix="a/", operations=Operation)
    assert triples(policy) == {(f"name/cos:{action}", f"{COS}/a/*", "null")}


@pytest.mark.parametrize(
    ("operation", "jobs"),
    [
        (Operation.GENERAL, set()),
        (Operation.GOODS, set()),
        (Operation.PORTRAIT, {"name/ci:CreateAIPortraitMattingJob"}),
    ],
)
@pytest.mark.parametrize("method", ["matte_stored", "matte_upload"])
def test_only_portraits_need_the_matting_action_for_stored_results(
    method, operation, jobs
):
    """So say the pages of the three operations that are followed here."""
    granted = triples(required_policy(BUCKET, [method], operations=[operation]))
    assert {action for action, _, _ in granted if "ci:" in action} == jobs


@law
@given(some_methods, some_operations, prefixes, buckets)
def test_a_policy_grants_exactly_what_its_calls_grant_one_by_one(
    methods, operations, prefix, results
):
    """Methods and operations asked for together add no right and lose none."""
    whole = required_policy(
        BUCKET, methods, prefix=prefix, results=results, operations=operations
    )
    parts = [
        required_policy(
            BUCKET, [method], prefix=prefix, results=results, operations=[operation]
        )
        for method in methods
        for operation in operations
    ]
    union = set().union(*map(triples, parts))
    assert widest(triples(whole)) == widest(union)
    assert set(whole.notes) == set().union(*(part.notes for part in parts))


@law
@given(some_methods, some_operations, prefixes, buckets)
def test_nothing_outside_bucket_and_prefix_is_granted(
    methods, operations, prefix, results
):
    """No other bucket, no object outside the prefix, no ``*`` for actions."""
    policy = required_policy(
        BUCKET, methods, prefix=prefix, results=results, operations=operations
    )
    other = "qcs::cos:ap-shanghai:uid/1250000001:cutouts-1250000001"
    for action, resource, condition in triples(policy):
        assert "*" not in action
        assert resource.startswith((f"{COS}/", f"{CI}/", f"{other}/"))
        if action == "name/cos:GetBucket":
            assert (condition != "null") is bool(prefix)
        elif "::cos:" in resource:
            assert resource.endswith(f"/{prefix}*") or resource == f"{COS}/"
        if resource.startswith(other):
            assert action == "name/cos:PutObject"
            assert {"matte_stored", "matte_upload"} & methods


@law
@given(some_methods, some_operations, prefixes)
def test_no_two_statements_could_be_one(methods, operations, prefix):
    """Statements differ in their actions, which are sorted, and share no resource."""
    policy = required_policy(BUCKET, methods, prefix=prefix, operations=operations)
    statements = policy.document["statement"]
    kinds = [(s["action"], s.get("condition")) for s in statements]
    places = [(p, str(s.get("condition"))) for s in statements for p in s["resource"]]
    assert all(kinds.count(kind) == 1 for kind in kinds)
    assert len(set(places)) == len(places)
    assert all(s["action"] == sorted(set(s["action"])) for s in statements)


def test_keys_under_the_prefix_pass_and_others_do_not():
    """What the document says holds for requests: the prefix is one, bucket another."""
    policy = required_policy(BUCKET, ["matte", "fetch"], prefix="photos/")
    assert allows(policy, "name/cos:GetObject", f"{COS}/photos/a.jpg")
    assert allows(policy, "name/ci:CreateS3AIPicMattingJob", f"{CI}/photos/a.jpg")
    assert not allows(policy, "name/cos:GetObject", f"{COS}/private/a.jpg")
    assert not allows(policy, "name/cos:PutObject", f"{COS}/photos/a.jpg")
    assert not allows(policy, "name/ci:CreateGoodsMattingJob", f"{CI}/photos/a.jpg")


def test_order_and_repetition_make_no_difference():
    """Policies are values: the same calls give an equal policy, usable as a key."""
    one = required_policy(BUCKET, ["put", "matte", "put"])
    two = required_policy(BUCKET, iter(["matte", "put"]), operations=["AIPicMatting"])
    assert one == two
    assert {one: "kept"}[two] == "kept"


def test_a_document_that_is_changed_leaves_its_policy_alone():
    """Each document is a new one."""
    policy = required_policy(BUCKET, ["head"])
    policy.document["statement"].clear()
    assert len(policy.document["statement"]) == 1


def test_notes_are_those_of_the_calls():
    """What is open or assumed is said where it matters, and only there."""
    assert required_policy(BUCKET, ["fetch", "put", "delete"]).notes == ()
    (listing,) = required_policy(BUCKET, ["list_objects"]).notes
    assert listing.startswith("Open: GetBucket")
    stored = required_policy(BUCKET, ["matte_stored"], operations=[Operation.GOODS])
    assert [note[:5] for note in stored.notes] == ["Open:", "Open:"]
    assert "CreateGoodsMattingJob" in stored.notes[1]
    address = required_policy(BUCKET, ["matte_url"]).notes
    assert any(note.startswith("Assumed: what detect-url needs") for note in address)


def test_a_policy_of_grants_shows_them():
    """Grants on the same resource become one statement."""
    grants = (
        Grant("qcs::cos:r:uid/1:b-1/*", "a"),
        Grant("qcs::cos:r:uid/1:b-1/*", "b"),
    )
    assert Policy(grants).document["statement"] == [
        {"effect": "allow", "action": ["a", "b"], "resource": [grants[0].resource]}
    ]


@pytest.mark.parametrize("methods", [["matte", "rename"], "rename", []])
def test_unknown_methods_are_refused_with_the_known_ones(methods):
    """The message lists every name that could have been meant."""
    with pytest.raises(OptionsError, match=r"got ('rename'|none)$") as caught:
        required_policy(BUCKET, methods)
    assert all(name in str(caught.value) for name in RIGHTS)


@pytest.mark.parametrize("operations", [["Cropping"], "Cropping", []])
def test_unknown_operations_are_refused_with_the_known_ones(operations):
    """The message lists the three operations."""
    with pytest.raises(OptionsError, match="AIPicMatting, GoodsMatting, AIPortrait"):
        required_policy(BUCKET, ["matte"], operations=operations)


@pytest.mark.parametrize("prefix", ["a*", "?/", "u/${uin}/", "/a", "a/../b", "x" * 851])
def test_a_prefix_that_would_mean_more_is_refused(prefix):
    """Wildcards, variables and what no key starts with are refused, never widened."""
    with pytest.raises(OptionsError):
        required_policy(BUCKET, ["fetch"], prefix=prefix)
