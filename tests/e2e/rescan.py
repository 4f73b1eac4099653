#!/usr/bin/env python3
"""What salvage brought back has neither structure nor text of its HTML: the jobs role reads it again by itself, and then it is as it was."""
import os, sys, time
from sigillo import Server, Tap

t = Tap()
PLAIN = "From: Nuovo <nuovo@cliente.example>\r\nSubject: semplice\r\n\r\nciao\r\n"
PAGE = ("From: Nuovo <nuovo@cliente.example>\r\nSubject: pagina\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/html\r\n\r\n<p>Le nostre <b>condizioni</b> di vendita</p>\r\n"
        "--x\r\nContent-Type: text/csv; name=listino.csv\r\nContent-Disposition: attachment; filename=listino.csv\r\n\r\na;b\r\n--x--\r\n")


def shown(s):
    return sorted((e["subject"], e["preview"], e["hasAttachment"]) for e in s.emails(properties=["subject", "preview", "hasAttachment"]))


with Server() as s:
    for data in (PLAIN, PAGE, PLAIN.replace("semplice", "ultima")):
        s.send(data, sender="nuovo@cliente.example")
    before = shown(s)
    t.ok(any(e[0] == "pagina" and e[2] and "condizioni" in e[1] for e in before), "the page was read when it came", before)
    s.stop()
    out = os.path.join(s.root, "salvaged")
    owner = os.stat(s.state)
    os.mkdir(out)
    if os.geteuid() == 0:
        os.chown(out, owner.st_uid, owner.st_gid)
    s.cli("salvage", "--state", s.state, "--cell", "1", "--out", out)
    s.state = out
    s.start()
    end, after = time.monotonic() + 180, None
    while time.monotonic() < end and after != before:
        time.sleep(1)
        after = shown(s)
    t.is_(after, before, "after a salvage every message is read again, without anybody asking")
    s.stop()
    t.is_(s.cli("verify", "--state", out, check=False).returncode, 0, "the state is sound")
sys.exit(t.done())
