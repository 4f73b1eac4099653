#!/usr/bin/env python3
"""An administrator's new domain: pending until its TXT record was seen through the role dns; the operator's needs no proof."""
import os, sys
from sigillo import Server, Tap

t = Tap()
USING = ("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:sigillo:admin")


def one(s, name, **args):
    got, answer = s.jmap((name, args), using=USING)[0]
    return answer if got == name else {"error": answer}


def plain(n):
    return f"From: Mario <m@cliente.example>\r\nTo: info@azienda.example\r\nSubject: prova {n}\r\nMessage-ID: <p{n}@cliente.example>\r\n\r\nciao {n}\r\n".encode()


def answers_550(s, address):
    with s.smtp() as c:
        c.ehlo()
        c.mail("anna@rossimarmi.example")
        code = c.rcpt(address)[0]
        return code == 550


def domains(s):
    """A domain is only a name until its TXT record was seen; who runs the server needs no proof."""
    zone = os.path.join(s.root, "zone")

    def publish(text):
        with open(zone, "a") as f:
            f.write(text + "\n")
        s.stop()
        s.start()

    d = one(s, "Domain/set", create={"n": {"domain": "Seconda.Example"}, "slow": {"domain": "lenta.example"}, "odd": {"domain": "dispari.example"}, "bad": {"domain": "localhost"}, "mine": {"domain": s.domain}})
    t.ok(set(d["created"]) == {"n", "slow", "odd"} and d["created"]["n"]["state"] == "pending" and d["created"]["n"]["recordName"] == "_sigillo.seconda.example", "Domain/set create: pending", d)
    t.is_(({k: v["type"] for k, v in d["notCreated"].items()}, d["notCreated"]["mine"]["existingId"]), ({"bad": "invalidProperties", "mine": "alreadyExists"}, "Dazienda_example"), "what cannot be named")
    new, value = d["created"]["n"]["id"], d["created"]["n"]["recordValue"]
    slow, odd = d["created"]["slow"]["id"], d["created"]["odd"]["id"]
    t.ok(value.startswith("sigillo-verify=") and len(value) == 15 + 32, "with a token of 128 bits", value)
    rows = {x["id"]: x for x in one(s, "Domain/get")["list"]}
    t.is_((rows[new]["state"], rows[new]["recordValue"], rows[new]["reason"], rows[new]["checkedAt"], rows["Dazienda_example"]["state"], rows["Dazienda_example"]["recordName"]),
          ("pending", value, None, None, "proven", None), "Domain/get")
    t.ok(answers_550(s, "postmaster@seconda.example"), "no mail for a pending domain")
    got = one(s, "Person/set", create={"a": {"address": "x@seconda.example", "name": "X", "password": "una buona password"}})["notCreated"]["a"]
    t.ok(got["properties"] == ["address"] and "verif" in got["descriptionIt"], "nobody in a pending domain", got)
    u = one(s, "Domain/set", update={new: {"verify": True}, "Dnessuno_example": {"verify": True}, slow: {"verify": False}, "Dazienda_example": {"verify": True}})
    t.is_((u["updated"][new]["state"], u["updated"][new]["reason"], u["updated"]["Dazienda_example"]["state"], {k: v["type"] for k, v in u["notUpdated"].items()}),
          ("pending", "notFound", "proven", {"Dnessuno_example": "notFound", slow: "invalidProperties"}), "verify without a record")
    t.ok(u["updated"][new]["checkedAt"] and "TXT" in u["updated"][new]["reasonText"]["it"], "when and why", u)
    # Another firm names the same domain; the operator's own zone answers otherwise for two of them.
    s.verb("firm", "add", "--state", s.state, "Rivale", "--domain", "rivale.example")
    s.verb("user", "add", "--state", s.state, "capo@rivale.example", "--name", "Capo", "--password-stdin", stdin="correct horse battery")
    mine, user = s.account, s.user
    s.user = "capo@rivale.example"
    del s.account
    theirs = one(s, "Domain/set", create={"n": {"domain": "seconda.example"}})["created"]["n"]
    t.ok(theirs["recordValue"] != value, "two firms hold it pending, each with its token")
    rival, s.user, s.account = s.account, user, mine
    publish(f'_sigillo.seconda.example. 300 IN TXT "v=spf1 -all"\n_sigillo.seconda.example. 300 IN TXT "{value[:20]}" "{value[20:]}"\n$servfail lenta.example\n'
            f'_sigillo.dispari.example. 300 IN TXT "{value}"')
    u = one(s, "Domain/set", update={x: {"verify": True} for x in (new, slow, odd)})["updated"]
    t.is_([(u[x]["state"], u[x]["reason"]) for x in (new, slow, odd)], [("proven", None), ("pending", "dns"), ("pending", "wrong")], "the record is seen, in two strings and beside another; the token of another domain proves nothing")
    t.is_(s.send(plain(501), to="postmaster@seconda.example")[0], 250, "mail for the proven domain")
    got = one(s, "Person/set", create={"a": {"address": "due@seconda.example", "name": "Due", "password": "una buona password"}})
    t.ok("a" in got["created"], "people in it", got)
    t.is_(one(s, "Domain/set", destroy=[new])["notDestroyed"][new]["type"], "forbidden", "which keeps it")
    s.user, s.account = "capo@rivale.example", rival
    u = one(s, "Domain/set", update={new: {"verify": True}}, create={"z": {"domain": "seconda.example"}, "y": {"domain": "azienda.example"}})
    t.is_((u["updated"][new]["state"], u["updated"][new]["reason"], u["notCreated"]["z"]["type"], u["notCreated"]["y"]["type"]), ("pending", "wrong", "invalidProperties", "invalidProperties"), "the other firm has no proof, and a proven domain is taken")
    publish(f'_sigillo.seconda.example. 300 IN TXT "{theirs["recordValue"]}"')
    t.is_(one(s, "Domain/set", update={new: {"verify": True}})["updated"][new]["reason"], "taken", "and a proof that comes second is too late")
    t.is_(one(s, "Domain/set", destroy=[new])["destroyed"], [new], "a pending one is taken back")
    s.user, s.account = user, mine
    t.is_(one(s, "Domain/set", destroy=[slow, odd])["destroyed"], [slow, odd], "so are these")
    s.verb("domain", "add", "--state", s.state, "terza.example", "--firm", "azienda.example")
    t.is_([x["state"] for x in one(s, "Domain/get", ids=["Dterza_example"])["list"]], ["proven"], "sigillo domain add needs no proof")
    t.ok(s.verb("domain", "add", "--state", s.state, "rivale.example", "--firm", "azienda.example", check=False).returncode != 0, "but takes nobody's domain")
    s.verb("domain", "remove", "--state", s.state, "terza.example")
    t.ok(answers_550(s, "postmaster@terza.example"), "sigillo domain remove")
    t.ok(s.verb("domain", "remove", "--state", s.state, "azienda.example", check=False).returncode != 0, "not while addresses are in it")


pg = os.environ.get("SIGILLO_PG_URL")
with Server(sets=["auth.check=no"] + (["db.engine=postgresql", f"db.url={pg}"] if pg else [])) as s:
    s.mailbox()
    domains(s)
    t.is_(s.stop(), 0, "SIGTERM ends it with exit 0")
    t.is_(s.verb("verify", "--state", s.state, check=False).returncode, 0, "verify finds the state sound")
sys.exit(t.done())
