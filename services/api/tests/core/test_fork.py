"""Forked workers never draw the same values: no random state from before a fork is used after it."""

import os

import pytest

from flaskrandom.core import PassphraseSpec, StringSpec, UUIDSpec, plan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def in_children(draw, number=6):
    """The first draw of each of several forked children."""
    out = []
    for _ in range(number):
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(writer, repr(draw()).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            out.append(pipe.read())
        os.waitpid(child, 0)
    return out


@pytest.mark.parametrize(
    "spec",
    [
        StringSpec(length=20),
        StringSpec(length=20, special=True, min_special=1, min_digits=1),
        StringSpec(length=20, unique=True, count=5),
        UUIDSpec(),
        PassphraseSpec(),
    ],
    ids=range(5),
)
def test_children_of_a_parent_that_has_drawn_differ(spec):
    made = plan(spec)
    made.draw()  # uses the generator and fills the caches
    drawn = [*in_children(made.draw), repr(made.draw()).encode()]
    assert len(set(drawn)) == len(drawn)


def test_a_later_child_differs_too():
    assert len(set(in_children(lambda: os.urandom(8) and plan(StringSpec()).draw()))) == 6


def test_control_a_generator_seeded_before_the_fork_repeats_itself():
    import random

    keyed = random.Random(os.urandom(16))
    assert len(set(in_children(lambda: [keyed.random() for _ in range(5)]))) == 1
