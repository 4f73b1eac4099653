#!/usr/bin/env python3
"""Planted secrets are nowhere in databases, packs, logs or backups: a password, a wrong password, a session cookie, the master key."""
import base64, json, os, sys
from sigillo import Server, Tap, PASSWORD

t = Tap()
WRONG = "planted-wrong-password-7421"


def files(*roots):
    for root in roots:
        for folder, _, names in os.walk(root):
            for n in names:
                path = os.path.join(folder, n)
                if os.path.isfile(path):
                    yield path


def forms(secret):
    raw = secret if isinstance(secret, bytes) else secret.encode()
    return [raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode()]


def find(secret, where, leave=()):
    hits = []
    for path in where:
        if any(part in path for part in leave):
            continue
        with open(path, "rb") as f:
            data = f.read()
        hits += [path for form in forms(secret) if form in data]
    return hits


with Server() as s:
    status, headers, _ = s.request("POST", "/api/login", {"address": s.user, "password": PASSWORD}, {"X-Sigillo": "1"}, auth=False)
    t.is_(status, 200, "log-in with the right password")
    cookie = headers.get("Set-Cookie", "").split(";")[0].split("=", 1)[-1]
    t.ok(len(cookie) >= 22, "a session id of at least 128 bits")
    status, _, _ = s.request("POST", "/api/login", {"address": s.user, "password": WRONG}, {"X-Sigillo": "1"}, auth=False)
    t.is_(status, 401, "log-in with a wrong one")
    s.send(b"From: Uno <uno@cliente.example>\r\nSubject: x\r\n\r\nuna\r\n")
    s.jmap(("Mailbox/get", {"ids": None}))
    owner = os.stat(s.state)  # the verbs become the owner of the state: the backup's folder must be his
    os.mkdir(os.path.join(s.root, "out"))
    os.chown(os.path.join(s.root, "out"), owner.st_uid, owner.st_gid)
    s.cli("backup", "--state", s.state, "--to", os.path.join(s.root, "out/backup"))
    with open(os.path.join(s.state, "keys/master"), "rb") as f:
        master = f.read()
    t.is_(os.stat(os.path.join(s.state, "keys/master")).st_mode & 0o777, 0o600, "the master key is readable by its owner alone")
    s.stop()
    everything = list(files(s.root))
    t.ok(len(everything) > 8, "state, backup and log were searched")
    t.is_(find(PASSWORD, everything), [], "the password")
    t.is_(find(WRONG, everything), [], "a wrong password")
    t.is_(find(cookie, everything), [], "the session id")
    t.is_(find(master[-32:], everything, leave=("/state/keys/",)), [], "the master key outside its folder")
    t.is_([p for p in everything if "/backup/" in p and "keys" in p], [], "no key in a backup")
sys.exit(t.done())
