#!/usr/bin/env python3
"""The thin road, end to end: mail comes in by SMTP and is read back over JMAP, with what the guard thinks of it."""
import glob, os, re, sys
from sigillo import Server, Tap, SOURCE

t = Tap()
DEMO = sorted(glob.glob(os.path.join(SOURCE, "demo/*.eml")))
IBAN_OLD, IBAN_NEW = "IT60X0542811101000000123456", "LT121000011101001000"


def crlf(path):
    with open(path, "rb") as f:
        return re.sub(rb"\r?\n", b"\r\n", f.read())


def demo(s):
    replies = [s.send(crlf(p)) for p in DEMO]
    t.ok(all(c == 250 for c, _ in replies), "the four demo mails are accepted", replies)
    ids = [re.search(r"Accepted as (\S+):", text) for _, text in replies]
    t.ok(all(ids), "every 250 carries an id", replies)
    inbox = s.emails()
    t.is_([e["subject"] for e in inbox], ["Preventivo lastre Bianco Statuario", "Fattura 118/26", "Quotation M12 stainless bolts"], "honest mail is in the inbox")
    held = s.emails(name="Held", properties=["subject", "threadId", "guardFindings", "guardVerdict"])
    t.is_([e["subject"] for e in held], ["Re: Fattura 118/26"], "the changed IBAN is in Held")
    f = held[0]["guardFindings"][0]
    t.is_((f["code"], f["facts"]["old"], f["facts"]["new"]), ("payment.changed", IBAN_OLD, IBAN_NEW), "the finding shows old beside new")
    t.ok(IBAN_NEW in f["text"]["it"] and IBAN_NEW in f["text"]["en"], "in Italian and in English")
    t.is_(held[0]["guardVerdict"], "hold", "verdict is hold")
    text = s.jmap(("Email/get", {"ids": [inbox[1]["id"]], "properties": ["guardText"]}))[0][1]["list"][0]["guardText"]
    t.ok("IBAN IT60 X054 2811 1010 0000 0123 456" in text and "<" not in text, "HTML is read back as safe text", text)
    t.is_(len({e["threadId"] for e in inbox[1:2] + held}), 1, "the conversation is one thread")
    t.ok(inbox[2]["hasAttachment"] and inbox[2]["attachments"][0]["name"] == "M12_price_breaks.csv", "the attachment is listed")
    return ids[2].group(1)


def changes(s):
    state = s.jmap(("Email/get", {"ids": []}))[0][1]["state"]
    s.send(b"From: Nuovo <nuovo@cliente.example>\r\nSubject: richiesta\r\n\r\nciao\r\n", sender="nuovo@cliente.example")
    name, ch = s.jmap(("Email/changes", {"sinceState": state}))[0]
    t.ok(name == "Email/changes" and len(ch["created"]) == 1 and not ch["updated"] and not ch["destroyed"], "Email/changes names the new message", ch)
    t.is_(s.jmap(("Email/changes", {"sinceState": "999999999999"}))[0][1].get("type"), "cannotCalculateChanges", "a state of the future cannot be calculated")


def resend(s):
    data = b"From: Uno <uno@cliente.example>\r\nSubject: una volta\r\n\r\nuna\r\n"
    before = s.mailbox()["totalEmails"]
    t.is_([s.send(data)[0], s.send(data + b"due\r\n")[0]], [250, 250], "two different mails are two")
    t.is_(s.mailbox()["totalEmails"], before + 2, "and both are there")


def refusals(s):
    t.is_(s.send(b"x", to="nessuno@azienda.example")[0], 550, "unknown recipient: 550")
    t.is_(s.send(b"x", to="a@altrove.example")[0] // 100, 5, "no relay")


def corpus(s):
    data = os.environ.get("SIGILLO_DATA")
    if not data:
        t.skip("real mail of the corpus", "SIGILLO_DATA is not set")
        return
    files = sorted(glob.glob(data + "/ham/*/*"))[::40] + sorted(glob.glob(data + "/phish/*/*"))[::80] + sorted(glob.glob(data + "/mime/*/*"))[::10]
    before = sum(b["totalEmails"] for b in s.jmap(("Mailbox/get", {"ids": None}))[0][1]["list"])
    codes = [s.send(crlf(f))[0] for f in files if os.path.isfile(f)]
    t.ok(len(codes) > 80 and all(c in (250, 550, 554) for c in codes), f"{len(codes)} real messages are answered", codes)
    after = sum(b["totalEmails"] for b in s.jmap(("Mailbox/get", {"ids": None}))[0][1]["list"])
    t.is_(after - before, codes.count(250), "every 250 is in a mailbox, once")


def trace(s, id):
    p = s.verb("trace", id, "--state", s.state, check=False)
    t.ok(p.returncode == 0 and "rossimarmi.example" in p.stdout, "sigillo trace knows the id", p.stdout + p.stderr[:300])


pg = os.environ.get("SIGILLO_PG_URL")
server = Server(init=False, sets=["db.engine=postgresql", f"db.url={pg}"] if pg else ())
server.init()
server.verb("counterparty", "add", "rossimarmi.example", "--state", server.state, "--name", "Rossi Marmi S.r.l.", "--iban", IBAN_OLD)
with server as s:
    held_id = demo(s)
    changes(s)
    resend(s)
    refusals(s)
    corpus(s)
    trace(s, held_id)
    t.is_(s.stop(), 0, "SIGTERM ends it with exit 0")
    p = s.verb("verify", "--state", s.state, check=False)
    t.is_(p.returncode, 0, "verify finds the state sound")
sys.exit(t.done())
