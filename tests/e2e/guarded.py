#!/usr/bin/env python3
"""The guard in the server: it learns from accepted mail in the commit, knows the firm's own people, and held mail never teaches."""
import base64, os, sys
from sigillo import SOURCE, Server, Tap

t = Tap()
OLD, NEW = "IT60X0542811101000000123456", "IT84Y9139099603082462819482"


def mail(name, addr, subject, text, n, extra=""):
    return (f"From: {name} <{addr}>\r\nTo: info@azienda.example\r\nSubject: {subject}\r\nMessage-ID: <{n}@prova.example>\r\n{extra}"
            f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n").encode()


def picture(seed, name, kind):
    data = open(os.path.join(SOURCE, "fuzz/extract_blob", seed), "rb").read()[1:]
    head = (f"From: Rita <rita@vincilane.example>\r\nTo: info@azienda.example\r\nSubject: {seed}\r\nMessage-ID: <{seed}@prova.example>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nInquadrate il codice.\r\n--b\r\n"
            f"Content-Type: {kind}\r\nContent-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    return head.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"--b--\r\n"


def findings(s, subject, name="Held"):
    for e in s.emails(name=name, properties=["subject", "guardFindings"]) if name else s.emails(properties=["subject", "guardFindings"]):
        if e["subject"] == subject:
            return [f["code"] for f in e["guardFindings"] or []]
    return None


def first(s, subject, name="Held"):
    return (findings(s, subject, name) or [""])[0]


server = Server()
server.cli("user", "add", "elena.conti@azienda.example", "--state", server.state, "--name", "Elena Conti", "--password-stdin", stdin="una password lunga 77\n", check=False)
with server as s:
    paolo = "paolo.bruni@ferramentabruni.example"
    for i in range(3):
        s.send(mail("Paolo Bruni", paolo, f"Fattura {i}", f"Pagamento su IBAN {OLD}", f"f{i}"), sender=paolo)
    t.ok(not any(c.startswith(("person.", "payment.")) for c in findings(s, "Fattura 1", None)), "the second mail of a sender is no first one any more")
    t.is_(first(s, "Fattura 0", None), "person.first-payment", "the first one asks for care")

    fake = "paolo.bruni@ferramentabrunl.example"
    for i in range(2):
        s.send(mail("Paolo Bruni", fake, f"Nuovo conto {i}", f"Abbiamo cambiato banca: IBAN {NEW}", f"x{i}", "References: <f2@prova.example>\r\n"), sender=fake)
    t.ok("lookalike.domain" in (findings(s, "Nuovo conto 0") or []), "a look-alike of a known sender is held", findings(s, "Nuovo conto 0"))
    t.is_(findings(s, "Nuovo conto 1"), findings(s, "Nuovo conto 0"), "and has taught nothing by being held")

    s.send(mail("Elena Conti", "direzione.ec@gmail.com", "Urgente", "Sei in ufficio? Mi serve un bonifico riservato.", "c1"), sender="direzione.ec@gmail.com")
    t.ok("person.staff" in (findings(s, "Urgente") or []), "a colleague's name from free mail is held", findings(s, "Urgente"))
    s.send(mail("Rita Vinci", "rita@vincilane.example", "Richiesta", "Vorremmo un preventivo.", "r1"), sender="rita@vincilane.example")
    t.is_(first(s, "Richiesta", None), "person.first", "a stranger with a question comes in, with a note")
    for seed, name, kind in (("gif-qr-moving", "x.gif", "image/gif"), ("bmp-qr-24", "x.bmp", "image/bmp"), ("webp-qr", "x.webp", "image/webp")):
        s.send(picture(seed, name, kind), sender="rita@vincilane.example")
        t.ok("link.qr" in (findings(s, seed, None) or []), f"the code in a picture is read in the sealed worker: {name}", findings(s, seed, None))
    s.stop()
    p = s.cli("verify", "--state", s.state, check=False)
    t.ok(p.returncode == 0, "verify finds the state sound", p.stdout + p.stderr)
sys.exit(t.done())
