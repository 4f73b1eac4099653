#!/usr/bin/env python3
"""Real phishing, spam, ham and every message of the parser collections come in by SMTP and end where they belong. Needs SIGILLO_DATA."""
import os, re, sys
from sigillo import Server, Tap

t = Tap()
DATA = os.environ.get("SIGILLO_DATA")
if not DATA:
    t.skip("the corpora by SMTP", "SIGILLO_DATA is not set")
    sys.exit(t.done())
SAMPLE = 40  # of each set beside mime/, which comes whole


def files(folder, most=None):
    found = sorted(os.path.join(r, n) for r, _, names in os.walk(os.path.join(DATA, folder)) for n in names)
    step = max(1, len(found) // most) if most else 1
    return found[::step][:most]


def wire(path):
    """As a client would send it: line ends CRLF; a bare CR stays what it is."""
    return re.sub(rb"\r?\n", b"\r\n", open(path, "rb").read())


with Server() as s:
    took, refused, odd = 0, {}, []
    c = s.smtp()
    c.ehlo()
    for path in files("mime") + files("phish", SAMPLE) + files("spam", SAMPLE) + files("ham", SAMPLE):
        data = wire(path)
        for _ in range(2):
            try:
                if c.mail("anna@rossimarmi.example")[0] != 250 or c.rcpt(s.user)[0] != 250:
                    raise OSError("envelope")
                code, text = c.data(data)
                break
            except OSError:
                c = s.smtp()  # so many a connection, then the next
                c.ehlo()
        if code == 250:
            took += 1
        else:
            refused.setdefault(code, []).append(os.path.relpath(path, DATA))
            if not (code in (550, 552, 554) and re.match(rb"5\.\d\.\d+ .{15}", text)):
                odd.append((path, code, text))
    c.close()
    t.ok(took > 400, "nearly every message is accepted", f"{took}, refused {refused}")
    t.ok(not odd, "what is refused is refused in words, for good", odd[:5])
    boxes = {b["role"] or b["name"]: b for b in s.jmap(("Mailbox/get", {"ids": None}))[0][1]["list"]}
    in_all = sum(b["totalEmails"] for b in boxes.values())
    # Equal bytes from the same sender are one transaction sent again (design: resends), so there may be fewer.
    t.ok(took - 25 <= in_all <= took, "each 250 is in a mailbox", f"{took} accepted, {in_all} there: { {k: b['totalEmails'] for k, b in boxes.items()} }")
    held = next(b for k, b in boxes.items() if k.lower() == "held")
    t.ok(held["totalEmails"] > 0 and boxes["junk"]["totalEmails"] > 0, "some are held, some are junk", {k: b["totalEmails"] for k, b in boxes.items()})
    wrong = []
    for box, verdicts in (("inbox", ("accept", "caution")), ("junk", ("junk",))):
        r = s.jmap(("Email/query", {"filter": {"inMailbox": boxes[box]["id"]}, "limit": 500}),
                   ("Email/get", {"#ids": {"resultOf": "c0", "name": "Email/query", "path": "/ids"}, "properties": ["guardVerdict", "subject"]}))
        wrong += [e for e in r[1][1]["list"] if e["guardVerdict"] not in verdicts]
    t.ok(not wrong, "each mailbox holds what its verdict says", wrong[:5])
    s.stop()
    p = s.cli("verify", "--state", s.state, check=False)
    t.ok(p.returncode == 0, "verify finds the state sound", p.stdout[-600:] + p.stderr[-600:])
sys.exit(t.done())
