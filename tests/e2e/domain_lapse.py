#!/usr/bin/env python3
"""A proven domain whose record went: it lapses after five looks that saw it gone, never because name servers are down; its mail comes all the same, its trust does
not; the record again makes all good."""
import os, sys, time
from sigillo import Server, Tap

t = Tap()
USING = ("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:sigillo:admin")
SPF = 'seconda.example. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"\n_dmarc.seconda.example. 300 IN TXT "v=DMARC1; p=reject"\n'
PROOF = "_sigillo.seconda.example"


def one(s, name, **args):
    got, answer = s.jmap((name, args), using=USING)[0]
    return answer if got == name else {"error": answer}


def zone(s, text):
    with open(os.path.join(s.root, "zone"), "w") as f:
        f.write(SPF + text)
    s.stop()
    s.start()


def domain(s):
    return one(s, "Domain/get", ids=["Dseconda_example"])["list"][0]


def until(s, want, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        d = domain(s)
        if want(d):
            return d
        time.sleep(0.5)
    return domain(s)


def order(n):
    """A colleague asks for money."""
    return (f"From: Elena Conti <elena.conti@seconda.example>\r\nTo: info@azienda.example\r\nSubject: Bonifico urgente {n}\r\nMessage-ID: <l{n}@seconda.example>\r\n"
            "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nCiao, sono in riunione e non posso parlare. Fai subito un bonifico di 18.400 euro, l'IBAN e'\r\n"
            "IT60X0542811101000000123456. E' urgente e riservato, non parlarne con nessuno.\r\n\r\nElena Conti\r\n").encode()


def where(s, n):
    for role in ("inbox", "junk", "held"):
        try:
            if any(str(n) in m["subject"] for m in s.emails(role, properties=["subject"])):
                return role
        except (KeyError, StopIteration, IndexError):
            pass
    return None


def verdict(s, n):
    code, text = s.send(order(n), sender="elena.conti@seconda.example")
    if code != 250:
        return text
    ident = text.split("Accepted as ")[1].split(":")[0]
    said = s.verb("trace", "--state", s.state, ident).stdout
    return "held" if "held" in said.lower() else "let in"


pg = os.environ.get("SIGILLO_PG_URL")
with Server(sets=["domain.check_every=1s"] + (["db.engine=postgresql", f"db.url={pg}"] if pg else [])) as s:
    s.mailbox()
    value = one(s, "Domain/set", create={"n": {"domain": "seconda.example"}})["created"]["n"]["recordValue"]
    record = f'{PROOF}. 300 IN TXT "{value}"\n'
    zone(s, record)
    got = one(s, "Domain/set", update={"Dseconda_example": {"verify": True}})["updated"]["Dseconda_example"]
    t.is_((got["state"], got["reason"], got["lapsedAt"]), ("proven", None, None), "proven by its record")
    got = one(s, "Person/set", create={"a": {"address": "elena.conti@seconda.example", "name": "Elena Conti", "password": "una buona password"}})
    t.ok("a" in got["created"], "a colleague in it", got)
    t.is_(verdict(s, 1), "let in", "what is proven to come from it is a colleague's word")

    zone(s, f"$servfail {PROOF}\n")
    time.sleep(8)  # longer than a turn of the jobs
    d = domain(s)
    t.is_((d["state"], d["reason"]), ("proven", None), "name servers that are down say nothing, however long")

    zone(s, "")
    d = until(s, lambda d: d["reason"])
    t.is_((d["state"], d["reason"], d["recordValue"]), ("proven", "notFound", value), "the record is gone: told at once, with what to publish")
    d = until(s, lambda d: d["state"] == "lapsed")
    t.ok(d["state"] == "lapsed" and d["lapsedAt"] and d["recordName"] == PROOF and d["recordValue"] == value, "after five looks it has lapsed", d)
    t.is_(s.logged().count("domain.lapsed"), 1, "the log says so once")
    t.ok("giorni" in d["reasonText"]["it"] and "published" not in d["reasonText"]["it"], "in words", d)
    for _ in range(150):
        figures = s.request("GET", "/metrics")[2].decode()
        if "sigillo_domains_lapsed 1" in figures:
            break
        time.sleep(0.2)
    t.ok("sigillo_domains_lapsed 1\n" in figures, "/metrics counts it")
    plain = b"From: Mario <m@cliente.example>\r\nTo: x@seconda.example\r\nSubject: ciao\r\nMessage-ID: <c1@cliente.example>\r\n\r\nciao\r\n"
    t.is_((s.send(plain, sender="m@cliente.example", to="elena.conti@seconda.example")[0], s.send(plain, sender="m@cliente.example", to="postmaster@seconda.example")[0]),
          (250, 250), "its mail comes as before")
    got = one(s, "Person/set", create={"a": {"address": "due@seconda.example", "name": "Due", "password": "una buona password"}})
    t.ok("a" in got.get("notCreated", {}), "nobody new in it", got)
    t.is_(verdict(s, 2), "held", "and what its new owner writes in a colleague's name is held")
    u = one(s, "Domain/set", update={"Dseconda_example": {"verify": True}})["updated"]["Dseconda_example"]
    t.is_((u["state"], u["reason"]), ("lapsed", "notFound"), "pressing the button without the record changes nothing")

    zone(s, record)
    u = one(s, "Domain/set", update={"Dseconda_example": {"verify": True}})["updated"]["Dseconda_example"]
    t.is_((u["state"], u["reason"], u["lapsedAt"]), ("proven", None, None), "the record again: proven at once")
    zone(s, record)  # what a net process remembers of a firm's own side is a minute old at most
    t.is_(verdict(s, 3), "let in", "and a colleague's word again")
    t.is_(s.stop(), 0, "SIGTERM ends it with exit 0")
    t.is_(s.verb("verify", "--state", s.state, check=False).returncode, 0, "verify finds the state sound")
sys.exit(t.done())
