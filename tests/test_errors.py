"""The error tree: as drawn, catchable, told in words, fit to cross processes."""

import copy
import pickle
import re

import pandas as pd
import pytest

from cosmat_nb import errors

DRAWN = re.compile(
    r"(?P<lead>[ │├└─]*)(?P<name>[A-Z]\w+)(?: \((?P<also>\w+)\))?(?: {2}|$)"
)
CALL_ERRORS = [
    getattr(errors, name)
    for name in errors.__all__
    if issubclass(getattr(errors, name), errors.CallError)
]
PLAIN_ERRORS = [
    errors.CosmatError,
    errors.OptionsError,
    errors.ImageError,
    errors.BudgetExceededError,
]


def drawn_tree():
    """Read the drawing of the module docstring: class name to names of its bases."""
    drawing = errors.__doc__.partition("::\n")[2].partition("A message says")[0]
    tree, path = {}, []
    for line in drawing.splitlines():
        match = DRAWN.match(line)
        if not match:
            continue
        depth = len(match["lead"]) // 4 - 1
        bases = [*path[depth - 1 : depth], match["also"]] if depth else [match["also"]]
        tree[match["name"]] = [base for base in bases if base]
        path[depth:] = [match["name"]]
    return tree


def test_the_drawing_is_the_tree():
    """The tree of the module's docstring is the tree of the classes."""
    real = {
        name: [base.__name__ for base in getattr(errors, name).__bases__]
        for name in errors.__all__
    }
    drawn = drawn_tree()
    assert drawn.pop("KeyboardInterrupt") == []
    assert drawn.pop("CosmatError") == []
    assert drawn.pop("UserWarning") == []
    assert real.pop("CosmatError") == ["Exception"]
    assert drawn == real
    assert len(drawn) == 17


def test_the_module_exports_every_class_it_defines():
    """No error class is missing from ``__all__`` and each explains itself."""
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert defined == set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)
    assert [name for name in defined if not getattr(errors, name).__doc__] == []


def test_an_interrupt_is_an_interrupt():
    """BatchInterrupted stops "run all cells" and no ``except Exception`` eats it."""
    frame = pd.DataFrame({"status": ["ok", "skipped"]})
    error = errors.BatchInterrupted("stopped after 1 of 2", frame)
    assert isinstance(error, KeyboardInterrupt)
    assert not isinstance(error, Exception)
    assert error.result is frame
    assert str(error) == "stopped after 1 of 2"


def test_the_interrupt_does_not_print_its_frame():
    """The repr of an interrupt is its message, not the frame that it carries."""
    error = errors.BatchInterrupted("stopped", pd.DataFrame({"key": ["samples/a.jpg"]}))
    assert "samples/a.jpg" not in repr(error)


@pytest.mark.parametrize("kind", CALL_ERRORS)
def test_a_call_error_tells_its_facts(kind):
    """Code, status, request id and attempts follow the message in brackets."""
    error = kind(
        "It failed",
        code="Gone",
        status=500,
        request_id="NWFj",
        attempts=3,
        dooms=True,
    )
    assert error.dooms is True
    assert (error.message, error.code, error.status) == ("It failed", "Gone", 500)
    assert (error.request_id, error.attempts) == ("NWFj", 3)
    assert str(error) == "It failed [Gone, HTTP 500, request NWFj, 3 attempts]"


@pytest.mark.parametrize("kind", CALL_ERRORS)
def test_a_bare_call_error_is_its_message(kind):
    """Without facts nothing follows the message and the code is the class's name."""
    error = kind("It failed")
    assert str(error) == "It failed"
    assert error.code == kind.__name__
    assert (error.status, error.request_id, error.attempts) == (None, None, 1)
    assert error.dooms is False


def test_facts_are_told_one_by_one():
    """Each fact is told alone when it is the only one."""
    assert str(errors.ServiceError("x", code="Gone")) == "x [Gone]"
    assert str(errors.ServiceError("x", status=404)) == "x [HTTP 404]"
    assert str(errors.ServiceError("x", request_id="r")) == "x [request r]"
    assert str(errors.TransportError("x", attempts=0)) == "x [0 attempts]"


def again(error):
    """Send an error through pickle, as a pool of processes does."""
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("send", [again, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", CALL_ERRORS)
def test_a_call_error_crosses_processes(kind, send):
    """A pickled or copied call error is the same class with the same facts."""
    error = kind("It failed", code="Gone", status=500, request_id="NWFj", attempts=3)
    error.add_note("row 7")
    twin = send(error)
    assert type(twin) is kind
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)


@pytest.mark.parametrize("send", [again, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", PLAIN_ERRORS)
def test_a_plain_error_crosses_processes(kind, send):
    """The errors without facts survive as well."""
    twin = send(kind("It failed"))
    assert (type(twin), str(twin)) == (kind, "It failed")


@pytest.mark.parametrize("send", [again, copy.copy, copy.deepcopy])
def test_an_interrupt_crosses_processes(send):
    """What a batch had paid for is not lost when the interrupt is pickled."""
    frame = pd.DataFrame({"status": ["ok", "skipped"]})
    twin = send(errors.BatchInterrupted("stopped", frame))
    assert str(twin) == "stopped"
    pd.testing.assert_frame_equal(twin.result, frame)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.OptionsError, ValueError),
        (errors.ImageError, ValueError),
        (errors.ObjectNotFoundError, LookupError),
    ],
)
def test_python_words_catch_our_errors(kind, builtin):
    """Who knows only Python's own exceptions catches these as well."""
    with pytest.raises(builtin, match="It failed"):
        raise kind("It failed")
