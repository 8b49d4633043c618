"""ACME against a real server: issue, renewal, and what goes wrong on the way. Nothing of it fails a request."""

from __future__ import annotations

import pytest

from support.polling import await_until
from support.stack import must

from .certificates import NAME, OTHER_NAME, names_of, shown, trusting
from .conftest import LONG, SHORT, pebble_roots
from .load import Load


def is_self_signed(certificate) -> bool:
    return certificate.issuer == certificate.subject


def await_issue(stack, seconds: float):
    return await_until(
        lambda: not is_self_signed(certificate := shown(stack.tls_port)) and certificate, seconds, "nginx has ACME's"
    )


def check(load: Load) -> None:
    assert load.failed == 0, load.outcomes


def test_issue_and_renewal_under_load(start_with_acme, pebble_files, figure):
    with start_with_acme(SHORT) as stack:
        first = await_issue(stack, 30)
        assert names_of(first) == [NAME, OTHER_NAME]
        context = trusting(pebble_roots(stack, pebble_files))
        with Load(stack.tls_port, context) as load:
            # No certificate lives long enough for these but by renewal.
            await_until(lambda: len(load.serials) >= 4, 4 * SHORT, "three renewals are seen by clients")
        check(load)
        figure(
            f"renewal, certificates that live {SHORT} s",
            sum(load.outcomes.values()),
            load.failed,
            f"{len(load.serials)} certificates in {load.seconds:.0f} s, all trusted",
        )
        # Kept, and with it the rate limits of real servers: a restart asks for nothing.
        stack.compose("restart", "--timeout", "2", "nginx", "acme")
        await_until(stack.serves, 20, "it serves again")
        assert not is_self_signed(shown(stack.tls_port))


def test_the_server_is_down_at_first_and_later(start_with_acme, pebble_files, figure):
    with start_with_acme() as stack:
        context = trusting(pebble_roots(stack, pebble_files))
        await_issue(stack, 30)
        network, pebble = f"{stack.project}_default", stack.container("pebble").ident
        with Load(stack.tls_port, context) as load:
            await_until(lambda: load.outcomes["200"] > 20, 10, "the load is on")
            must("docker", "network", "disconnect", network, pebble)
            await_until(lambda: stack.acme_said("attempt 2 failed"), LONG, "acme tries again, and again")
            must("docker", "network", "connect", "--alias", "pebble", network, pebble)
            before = set(load.serials)
            await_until(lambda: set(load.serials) - before, LONG, "it is renewed once the server is back")
        check(load)
        attempts = stack.logs("acme").count("failed, the next in")
        figure(
            "ACME server gone when renewal is due",
            sum(load.outcomes.values()),
            load.failed,
            f"{attempts} failed attempts, then renewed",
        )


@pytest.mark.parametrize("percent", [50])
def test_half_of_the_nonces_are_rejected(start_with_acme, figure, percent):
    with start_with_acme(PEBBLE_WFE_NONCEREJECT=str(percent)) as stack:
        with Load(stack.tls_port, None) as load:
            await_issue(stack, 120)
        check(load)
        figure(
            f"{percent} % of nonces rejected",
            sum(load.outcomes.values()),
            load.failed,
            f"issued after {load.seconds:.0f} s and {stack.logs('acme').count('failed, the next in')} failed attempts",
        )
