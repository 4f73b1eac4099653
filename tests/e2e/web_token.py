#!/usr/bin/env python3
"""App tokens: made by the command line, shown once, kept as a hash, with fewer rights than their account, ended at once by revoke."""
import json, os, sys, time
from sigillo import Server, Tap

t = Tap()


def ask(s, token, method="GET", path="/api/me", body=None, **headers):
    return s.request(method, path, body, {"Authorization": f"Bearer {token}", **headers}, auth=False)


def token_verb(s, *words, check=True):
    return s.verb("token", *words, "--state", s.state, check=check)


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
    n = 0
    while n < 60 and token_verb(s, "add", s.user, "--name", f"n{n}", check=False).returncode == 0:
        n += 1
    t.is_(n, 49, "fifty of one account at most")
sys.exit(t.done())
