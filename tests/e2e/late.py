#!/usr/bin/env python3
"""Reading comes too late: the message is held, never taken for clean; once it can be read the jobs role releases it by itself, and only for that reason."""
import os, re, signal, sqlite3, sys, time
from sigillo import Server, Tap

t = Tap()
PLAIN = b"From: Nuovo <nuovo@cliente.example>\r\nSubject: tardi\r\n\r\nciao\r\n"
FRAUD = b"From: Anna <anna@rossimarmi.example>\r\nSubject: coordinate\r\n\r\nIBAN LT12 1000 0111 0100 1000\r\n"


def until(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.5)
    return False


def subjects(s, **box):
    return sorted(e["subject"] for e in s.emails(properties=["subject"], **box))


server = Server()
server.cli("user", "add", "elena@azienda.example", "--state", server.state, "--name", "Elena", "--password-stdin", stdin="una password lunga 77\n")
server.cli("counterparty", "add", "rossimarmi.example", "--state", server.state, "--name", "Rossi Marmi S.r.l.", "--iban", "IT60X0542811101000000123456")
with server as s:
    scan = s.roles()["scan"]
    for pid in scan:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    connections = [s.smtp(timeout=180) for _ in range(2)]
    for c, data in zip(connections, (PLAIN, FRAUD)):
        c.ehlo()
        c.mail("anna@rossimarmi.example")
        c.rcpt(s.user)
        if data == PLAIN:
            c.rcpt("elena@azienda.example")
        c.docmd("DATA")
        c.send(data + b".\r\n")
    replies = [c.getreply() for c in connections]
    t.is_([r[0] for r in replies], [250, 250], "both are accepted although nothing can read them")
    t.ok(time.monotonic() - began < 120, "the reply comes by the deadline")
    t.is_(subjects(s, name="Held"), ["coordinate", "tardi"], "both are held, still being read")
    t.is_(subjects(s), [], "none is in the inbox")
    for pid in scan:
        os.kill(pid, signal.SIGCONT)
    t.ok(until(lambda: subjects(s) == ["tardi"], 180), "what was held only for that is released once it is read")
    t.ok(until(lambda: [e["guardFindings"][0]["code"] for e in s.emails(name="Held", properties=["guardFindings"]) if e["guardFindings"]] == ["payment.changed"], 180),
         "what has a reason of its own stays held, with that reason")
    text = next(iter(s.emails(properties=["bodyValues", "textBody"])[0]["bodyValues"].values()))["value"]
    t.is_(text, "ciao\n", "its text is there")
    s.send(b"From: Nuovo <nuovo@cliente.example>\r\nSubject: ancora\r\nMessage-ID: <2@cliente.example>\r\n\r\nciao di nuovo\r\n", sender="nuovo@cliente.example")
    codes = [[f["code"] for f in e["guardFindings"] or []] for e in s.emails(properties=["subject", "guardFindings"]) if e["subject"] == "ancora"]
    t.ok(codes and "person.first" not in codes[0], "what was read late has taught who writes", codes)
    p = s.cli("guard", "explain", re.search(r"Accepted as ([^:]+):", replies[0][1].decode()).group(1), "--state", s.state, "--lang", "en", check=False)
    t.ok(p.returncode == 0 and "message.unreadable" not in p.stdout, "what is explained is the later judgement", p.stdout + p.stderr)
    s.stop()
    with sqlite3.connect(f"file:{s.state}/cells/1/cell.db?mode=ro", uri=True) as db:
        t.is_(db.execute("SELECT max(received) FROM known").fetchone()[0], 2, "once for a mail to two people, and once for the next one")
    p = s.cli("verify", "--state", s.state, check=False)
    t.ok(p.returncode == 0, "verify finds the state sound", p.stdout + p.stderr)
sys.exit(t.done())
