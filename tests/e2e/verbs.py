#!/usr/bin/env python3
"""verify, trace, backup, restore and salvage on the command line, beside a running server, and the server on what they made."""
import glob, os, re, subprocess, sys
from sigillo import PASSWORD, Server, Tap, SOURCE

t = Tap()


def crlf(path):
    with open(path, "rb") as f:
        return re.sub(rb"\r?\n", b"\r\n", f.read())


def own(path, like):
    """The user of a state owns what its verbs write."""
    st = os.stat(like)
    os.makedirs(path, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(path, st.st_uid, st.st_gid)


def subjects(s):
    return sorted(e["subject"] for e in s.emails()), sorted(e["subject"] for e in s.emails(name="Held"))


def at(server, state):
    """The same server over another state, with the keys put back as the verbs ask for."""
    if not os.path.exists(os.path.join(state, "keys")):
        subprocess.run(["cp", "-a", os.path.join(server.state, "keys"), state], check=True)
    if not os.path.exists(os.path.join(state, "sigillo.conf")):
        subprocess.run(["cp", "-a", os.path.join(server.state, "sigillo.conf"), state], check=True)
    server.state = state
    server.__dict__.pop("account", None)
    return server.start()


with Server() as s:
    s.cli("counterparty", "add", "rossimarmi.example", "--state", s.state, "--name", "Rossi Marmi S.r.l.", "--iban", "IT60X0542811101000000123456")
    replies = [s.send(crlf(p)) for p in sorted(glob.glob(os.path.join(SOURCE, "demo/*.eml")))]
    ids = [re.search(r"Accepted as (\S+):", text).group(1) for _, text in replies]
    before = subjects(s)
    t.ok(len(before[0]) == 3 and len(before[1]) == 1, "three mails in the inbox, one held", before)

    p = s.cli("verify", "--state", s.state, check=False)
    t.ok(p.returncode == 0 and p.stdout.startswith("sound"), "verify beside the running server: sound", p.stdout + p.stderr)
    traces = [s.cli("trace", i, "--state", s.state).stdout for i in ids]
    t.ok(any("waits for a person to release it" in x and 'in "Held"' in x for x in traces), "trace says that one is held, and where", traces)
    t.ok(sum('in "Inbox"' in x and "stand-in" not in x for x in traces) == 3, "and that three are in the inbox", traces)
    p = s.cli("trace", "nosuch", "--state", s.state, check=False)
    t.ok(p.returncode == 1 and "No mail was accepted under the id nosuch" in p.stderr, "an unknown id is said so", p.stderr)

    folder = os.path.join(s.root, "backup")
    own(folder, s.state)
    s.cli("backup", "--state", s.state, "--to", folder)
    s.send(b"From: Due <due@cliente.example>\r\nSubject: dopo il primo\r\n\r\nciao\r\n", sender="due@cliente.example")
    state_seen = s.jmap(("Email/get", {"ids": []}))[0][1]["state"]
    p = s.cli("backup", "--state", s.state, "--to", folder)
    saved = subjects(s)
    t.ok("new" in p.stdout, "a second backup into the same folder", p.stdout)
    s.send(b"From: Tre <tre@cliente.example>\r\nSubject: mai salvata\r\n\r\nciao\r\n", sender="tre@cliente.example")
    p = s.cli("restore", "--from", folder, "--state", s.state, check=False)
    t.ok(p.returncode == 1 and "not empty" in p.stderr, "restore does not touch a state that is there", p.stderr)
    p = s.cli("restore", "--from", folder, "--state", os.path.join(s.root, "x"), "--check")
    t.ok("is whole" in p.stdout and not os.path.exists(os.path.join(s.root, "x")), "restore --check makes nothing", p.stdout)
    s.stop()

    first = s.state
    back = os.path.join(s.root, "back")
    s.cli("restore", "--from", folder, "--state", back)
    p = s.cli("verify", "--state", back, check=False)
    t.is_(p.returncode, 0, "the restored state is sound")
    at(s, back)
    t.is_(subjects(s), saved, "the restored server shows what was backed up")
    t.is_(s.jmap(("Email/changes", {"sinceState": state_seen}))[0][1].get("type"), "cannotCalculateChanges", "a state of the old epoch cannot be calculated")
    code, _ = s.send(b"From: Q <q@cliente.example>\r\nSubject: nuova epoca\r\n\r\nciao\r\n", sender="q@cliente.example")
    t.is_(code, 250, "and takes mail")
    all_seen = subjects(s)
    s.stop()

    s.state = back
    pack = sorted(glob.glob(os.path.join(back, "cells/1/packs/*.pack")))[0]
    with open(pack, "r+b") as f:
        f.seek(200)
        b = f.read(1)
        f.seek(200)
        f.write(bytes([b[0] ^ 1]))
    p = s.cli("verify", "--state", back, check=False)
    t.ok(p.returncode == 1 and pack in p.stdout and "do:" in p.stdout, "one bit of a pack: verify names the file and what to do", p.stdout)
    with open(pack, "r+b") as f:
        f.seek(200)
        f.write(b)
    for f in glob.glob(os.path.join(back, "cells/1/cell.db*")):
        os.unlink(f)
    p = s.cli("verify", "--state", back, check=False)
    t.ok(p.returncode == 1 and "salvage" in p.stdout, "the database is gone: verify points to salvage", p.stdout)
    out = os.path.join(s.root, "salvaged")
    own(out, back)
    p = s.cli("salvage", "--state", back, "--cell", "1", "--out", out)
    t.ok("Salvaged into" in p.stdout and "password" in p.stdout, "salvage tells what it made and what is left to do", p.stdout)
    p = s.cli("verify", "--state", out, check=False)
    t.is_(p.returncode, 0, "the salvaged state is sound")
    p = s.cli("user", "password", s.user, "--state", out, "--password-stdin", stdin=PASSWORD, check=False)
    t.ok(p.returncode == 0, "a password is set for the account", p.stderr)
    at(s, out)
    got = subjects(s)
    apart = sorted(e["subject"] for e in s.emails(name="Recovered, uncertain"))
    t.is_((sorted(got[0] + apart), got[1]), all_seen, "the salvaged server shows every message; the last one apart, the held one still held")
sys.exit(t.done())
