"""ACME against a real server: issue, renewal, and failures on the way. None of this fails a request.

Certificates that clients check have a long life (LONG), so that none expires on a slow machine, and tests make them due
for renewal (`due`). One test waits until a certificate becomes due by itself.
"""

from __future__ import annotations

import re

from support.polling import await_until
from support.stack import must

from .certificates import NAME, OTHER_NAME, names_of, shown, trusting
from .conftest import BINDING, PATIENCE, SHORT, TlsStack, pebble_roots
from .load import Load


def is_self_signed(certificate) -> bool:
    return certificate.issuer == certificate.subject


def await_issue(stack):
    return await_until(
        lambda: not is_self_signed(certificate := shown(stack.tls_port)) and certificate, PATIENCE, "nginx has ACME's"
    )


def due(stack: TlsStack) -> None:
    """Make every certificate due for renewal: certbot then renews those with less than a day left."""
    edit = "sed -i '1i renew_before_expiry = 1 days' /var/lib/acme/renewal/*.conf"
    stack.container("acme").must("sh", "-c", edit)


def check(load: Load) -> None:
    assert load.failed == 0, load.outcomes


def test_issue_and_renewal_fail_no_request(start_with_acme, pebble_files, figure):
    with start_with_acme() as stack:
        first = await_issue(stack)
        assert names_of(first) == [NAME, OTHER_NAME]
        context = trusting(pebble_roots(stack, pebble_files))
        with Load(stack.tls_port, context) as load:
            due(stack)
            await_until(lambda: len(load.serials) >= 4, PATIENCE, "three renewals are seen by clients")
        check(load)
        figure(
            "issue, and three renewals",
            sum(load.outcomes.values()),
            load.failed,
            f"{len(load.serials)} certificates in {load.seconds:.0f} s, all trusted",
        )


def test_a_certificate_is_renewed_before_it_expires(start_with_acme, figure):
    """At the time that the server suggests (with Pebble, any time) or by age. A restart keeps the certificate."""
    with start_with_acme(SHORT) as stack:
        first = await_issue(stack)
        second = await_until(
            lambda: (certificate := shown(stack.tls_port)) != first and certificate, PATIENCE, "it is renewed"
        )
        age = second.not_valid_before_utc - first.not_valid_before_utc
        assert second.not_valid_before_utc < first.not_valid_after_utc
        figure(f"renewal by itself, of a life of {SHORT} s", "", "", f"after {age.total_seconds():.0f} s")
        stack.compose("restart", "--timeout", "2", "nginx", "acme")
        await_until(stack.serves, PATIENCE, "it serves again")
        assert not is_self_signed(shown(stack.tls_port))


def test_renewal_succeeds_after_the_server_was_down(start_with_acme, pebble_files, figure):
    with start_with_acme() as stack:
        context = trusting(pebble_roots(stack, pebble_files))
        await_issue(stack)
        network, pebble = f"{stack.project}_default", stack.container("pebble").ident
        with Load(stack.tls_port, context) as load:
            await_until(lambda: load.outcomes["200"] > 20, PATIENCE, "the load has started")
            must("docker", "network", "disconnect", network, pebble)
            due(stack)
            await_until(lambda: stack.acme_said("attempt 2 failed"), PATIENCE, "the second attempt fails")
            before = set(load.serials)
            must("docker", "network", "connect", "--alias", "pebble", network, pebble)
            await_until(lambda: set(load.serials) - before, PATIENCE, "it is renewed once the server is back")
        check(load)
        attempts = stack.logs("acme").count("failed, the next in")
        figure(
            "ACME server gone when renewal is due",
            sum(load.outcomes.values()),
            load.failed,
            f"{attempts} failed attempts, then renewed",
        )


#: A request whose nonce Pebble rejected, and that certbot sent again with a fresh one.
SENT_AGAIN = re.compile(r"POST (\S+) ->.*\n.*HEAD /nonce-plz ->.*\n.*POST \1 ->")


def test_renewal_succeeds_when_a_quarter_of_the_nonces_are_rejected(start_with_acme, figure):
    """certbot retries a request once. If that is rejected, too, the attempt fails, and another one follows."""
    with start_with_acme(PEBBLE_WFE_NONCEREJECT="25") as stack:
        first = await_issue(stack)
        with Load(stack.tls_port, None) as load:
            due(stack)
            await_until(
                lambda: len(SENT_AGAIN.findall(stack.logs("pebble"))) >= 5 and shown(stack.tls_port) != first,
                PATIENCE,
                "five requests were rejected, and the certificate was renewed all the same",
            )
        check(load)
        figure(
            "25 % of nonces rejected",
            sum(load.outcomes.values()),
            load.failed,
            f"{len(SENT_AGAIN.findall(stack.logs('pebble')))} requests sent again,"
            f" {stack.logs('acme').count('failed, the next in')} failed attempts, {len(load.serials)} certificates",
        )


def test_external_account_binding_is_used_when_it_is_set(start_with_acme):
    """The server refuses an account without External Account Binding, and issues a certificate with it."""
    with start_with_acme("bound") as stack:
        await_until(lambda: stack.acme_said("attempt 1 failed"), PATIENCE, "the server refuses the account")
    kid, key = BINDING
    with start_with_acme("bound", ACME_EAB_KID=kid, ACME_EAB_HMAC_KEY=key) as stack:
        assert names_of(await_issue(stack)) == [NAME, OTHER_NAME]
