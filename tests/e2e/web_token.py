#!/usr/bin/env python3
"""App tokens: made by the command line, shown once, kept as a hash, with fewer rights than their account, ended at once by revoke."""
import http.client, json, os, sys, time
from sigillo import Server, Tap, PASSWORD

t = Tap()


def ask(s, token, method="GET", path="/api/me", body=None, **headers):
    return s.request(method, path, body, {"Authorization": f"Bearer {token}", **headers}, auth=False)


def token_verb(s, *words, check=True):
    return s.verb("token", *words, "--state", s.state, check=check)


def listen(s, token):
    c = http.client.HTTPConnection("127.0.0.1", s.http_port, timeout=30)
    c.request("GET", "/events?types=*&ping=300", headers={"Authorization": f"Bearer {token}"})
    return c.getresponse()


def ended(stream):
    """Within 30 s; a read that times out raises."""
    try:
        stream.read()
        return True
    except TimeoutError:
        return False


with Server() as s:
    made = token_verb(s, "add", s.user, "--name", "Gestionale", "--may", "read,write", "--days", "30").stdout.strip()
    t.ok(made.startswith("sgl_") and len(made) == 92, "a token is printed", made)
    status, _, body = ask(s, made)
    t.ok(status == 200 and json.loads(body)["address"] == s.user, "and is its account", (status, body))
    echo = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"a": 1}, "c"]]}
    t.is_(ask(s, made, "POST", "/jmap/api", echo)[0], 200, "JMAP without cookie, Origin or header of ours")
    t.is_(ask(s, made, "POST", "/jmap/api", echo, **{"X-Forwarded-For": "192.0.2.1"})[0], 401, "not through something that forwards in plain text")
    t.is_(ask(s, made[:-1] + ("0" if made[-1] != "0" else "1"))[0], 401, "one digit changed: 401")
    t.is_(s.request("GET", "/api/me", headers={"Cookie": "sigillo=" + made[4:]}, auth=False)[0], 401, "a token is no cookie")
    figures = token_verb(s, "add", s.user, "--name", "Prometheus", "--may", "metrics").stdout.strip()
    t.is_(ask(s, figures, path="/metrics")[0], 200, "a token for figures")
    t.is_(ask(s, figures)[0], 403, "and for nothing else")
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    t.is_(s.request("GET", "/metrics", auth=False)[0], 200, "figures for this machine")
    t.is_(s.request("GET", "/metrics", headers=forwarded, auth=False)[0], 404, "not for others")
    rows = token_verb(s, "list", s.user).stdout.strip().split("\n")
    t.ok(len(rows) == 2 and "read,write" in rows[0] and rows[0].endswith("Gestionale") and "metrics" in rows[1], "the list", rows)
    t.ok(all(made not in r for r in rows), "does not show them again")
    s.stop()
    p = token_verb(s, "add", s.user, "--name", "x", check=False)
    t.ok(p.returncode == 1 and "start it first" in p.stderr, "without a server: said why", p.stderr)
    s.start()
    t.is_(ask(s, made)[0], 200, "good after a restart")
    for words, why in ((["add", s.user, "--name", "x", "--may", "everything"], "--may"), (["add", "nobody@azienda.example", "--name", "x"], "no active account"),
                       (["add", s.user, "--name", "x", "--days", "0"], "--days"), (["revoke", s.user, "999999"], "no token"), (["revoke", s.user, "x"], "no token")):
        p = token_verb(s, *words, check=False)
        t.ok(p.returncode == 1 and why in p.stderr, f"refused: {' '.join(words)}", p.stderr)
    for where in ("packs", "cells", "directory"):
        found = [f for d, _, fs in os.walk(os.path.join(s.state, where)) for f in fs if made.encode() in open(os.path.join(d, f), "rb").read()]
        t.is_(found, [], f"the token itself stands nowhere in {where}")
    t.ok(made not in s.logged(), "nor in the log")
    token_verb(s, "revoke", s.user, rows[0].split()[0])
    time.sleep(2.5)  # what was just looked up is believed for two seconds
    t.is_(ask(s, made)[0], 401, "revoked")
    t.is_(len(token_verb(s, "list", s.user).stdout.strip().split("\n")), 1, "and gone from the list")
    token_verb(s, "revoke", s.user, rows[1].split()[0])
    # A new password: what was made under the old one ends, app tokens too unless they are to be kept.
    kept = token_verb(s, "add", s.user, "--name", "resta").stdout.strip()
    stream = listen(s, kept)
    s.verb("user", "password", s.user, "--password-stdin", "--keep-tokens", "--state", s.state, stdin="un altro segreto")
    t.ok(ended(stream), "a new password ends the event streams")
    t.is_((ask(s, kept)[0], s.request("GET", "/api/me")[0]), (200, 401), "--keep-tokens leaves the tokens, not the password")
    s.verb("user", "password", s.user, "--password-stdin", "--state", s.state, stdin="un terzo segreto")
    t.is_((ask(s, kept)[0], token_verb(s, "list", s.user).stdout.strip()), (401, ""), "without it they are revoked")
    s.verb("user", "password", s.user, "--password-stdin", "--state", s.state, stdin=PASSWORD)
    using = ["urn:ietf:params:jmap:core", "urn:sigillo:admin"]
    made = s.jmap(("Person/set", {"create": {"a": {"address": "due@azienda.example", "name": "Due", "password": PASSWORD}}}), using=using)[0][1]["created"]["a"]["id"]

    def two():
        return s.jmap(("Person/get", {"ids": [made], "properties": ["tokens", "state"]}), using=using)[0][1]["list"][0]

    def change(**patch):
        return made in s.jmap(("Person/set", {"update": {made: patch}}), using=using)[0][1]["updated"]

    def token_of_two():
        return token_verb(s, "add", "due@azienda.example", "--name", "x").stdout.strip()

    first = token_of_two()
    t.is_((two()["tokens"], change(password="una nuova password", keepTokens=True), ask(s, first)[0], two()["tokens"]), (1, True, 200, 1), "an administrator resets and keeps the tokens")
    stream = listen(s, first)
    t.is_((change(password="ancora una nuova"), ended(stream), ask(s, first)[0], two()["tokens"]), (True, True, 401, 0), "or not: token and stream end")
    first = token_of_two()
    t.is_((change(state="disabled"), ask(s, first)[0], change(state="active"), ask(s, first)[0]), (True, 401, True, 401), "what a disabling ended does not come back")
    n = 0
    while n < 60 and token_verb(s, "add", s.user, "--name", f"n{n}", check=False).returncode == 0:
        n += 1
    t.is_(n, 50, "fifty of one account at most")
sys.exit(t.done())
