#!/usr/bin/env python3
"""Who sent it: SPF, DKIM, DMARC and ARC from the socket to the stored field, over a zone of the test."""
import base64, hashlib, os, re, subprocess, sys, tempfile
from sigillo import Server, Tap

ZONE = """rossimarmi.example. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.rossimarmi.example. 300 IN TXT "v=DMARC1; p=reject"
strict.example. 300 IN TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.strict.example. 300 IN TXT "v=DMARC1; p=reject"
soft.example. 300 IN TXT "v=spf1 ~all"
wrong.example. 300 IN TXT "v=spf1 nonsense"
client.example. 300 IN TXT "v=spf1 include:rossimarmi.example -all"
$timeout late.example
$servfail broken.example
"""


def lines(head):
    """[(name, raw field without its last CRLF)]"""
    fields = re.split(r"\r\n(?![ \t])", head)
    return [(f.split(":", 1)[0], f) for f in fields if f]


def relaxed_field(field):
    name, value = field.split(":", 1)
    return name.strip().lower() + ":" + re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip()


def relaxed_body(body):
    text = "".join(re.sub(r"[ \t]+", " ", line).rstrip() + "\r\n" for line in body.split("\r\n"))
    text = re.sub(r"(\r\n)+$", "\r\n", text)
    return "" if text == "\r\n" else text


class Signer:
    def __init__(self, folder, name):
        self.path = os.path.join(folder, name + ".pem")
        subprocess.run(["openssl", "genrsa", "-out", self.path, "2048"], check=True, capture_output=True)
        der = subprocess.run(["openssl", "rsa", "-in", self.path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()

    def signature(self, text):
        p = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.path], input=text.encode("utf-8", "surrogateescape"), check=True, capture_output=True)
        return base64.b64encode(p.stdout).decode()

    def sign(self, message, domain, selector="sel", field="DKIM-Signature", first="v=1", h="from:to:subject"):
        head, body = message.split("\r\n\r\n", 1)
        bh = base64.b64encode(hashlib.sha256(relaxed_body(body).encode()).digest()).decode()
        top = f"{field}: {first}; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};\r\n\th={h};\r\n\tbh={bh};\r\n\tb="
        text, used = "", []
        for name in h.split(":"):
            for i, (n, raw) in reversed(list(enumerate(lines(head)))):
                if n.lower() == name and i not in used:
                    used.append(i)
                    text += relaxed_field(raw) + "\r\n"
                    break
        return f"{top}{self.signature(text + relaxed_field(top))}\r\n{message}"

    def seal(self, message, domain, results, selector="sel"):
        """A first ARC set."""
        aar = f"ARC-Authentication-Results: i=1; {results}"
        ams = self.sign(message, domain, selector, "ARC-Message-Signature", "i=1")[:-len(message) - 2]
        seal = f"ARC-Seal: i=1; a=rsa-sha256; d={domain}; s={selector}; cv=none; b="
        text = "".join(relaxed_field(f) + "\r\n" for f in (aar, ams)) + relaxed_field(seal)
        return f"{seal}{self.signature(text)}\r\n{ams}\r\n{aar}\r\n{message}"


def record(name, text):
    parts = " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))
    return f"{name}. 300 IN TXT {parts}\n"


def letter(sender="Anna <anna@rossimarmi.example>", subject="Fattura 17", extra="", body="Buongiorno,\r\n\r\nin allegato la fattura.\r\n"):
    return f"{extra}From: {sender}\r\nTo: info@azienda.example\r\nSubject: {subject}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n{body}"


class Road:
    def __init__(self, t, s):
        self.t, self.s, self.n, self.seen = t, s, 0, set()

    def stored(self, message, sender):
        """Sends, finds the message again and returns its bytes."""
        self.n += 1
        mark = f"case-{self.n}"
        code, text = self.s.send(message, sender=sender)
        if code != 250:
            raise RuntimeError(f"{mark}: {code} {text}")
        self.id = re.search(r"Accepted as ([^:]+):", text).group(1)
        for role in ("inbox", "junk"):
            box = [m for m in self.s.emails(role, properties=["id", "blobId", "receivedAt", "headers"]) if m["id"] not in self.seen]
            if box:
                self.seen.update(m["id"] for m in box)
                m = box[-1]
                status, _, raw = self.s.request("GET", f"/download/{self.s.account}/{m['blobId']}/x.eml?accept=message/rfc822")
                if status != 200:
                    raise RuntimeError(f"download: {status} {raw[:200]}")
                return raw.decode("utf-8", "surrogateescape")
        raise RuntimeError(f"{mark} is in no mailbox")

    def results(self, message, sender):
        raw = self.stored(message, sender)
        self.raw = raw
        head = raw.split("\r\n\r\n", 1)[0]
        ours = [f for n, f in lines(head) if n.lower() == "authentication-results" and "mail.azienda.example" in f.lower()]
        self.names = [n for n, _ in lines(head)]
        self.ours = len(ours)
        out = {}
        for part in re.sub(r"\s+", " ", ours[0].split(":", 1)[1]).split(";")[1:] if ours else []:
            words = part.split()
            out.setdefault(words[0].split("=")[0], (words[0].split("=")[1], " ".join(words[1:])))
        return out


def results(t, s, key, other):
    r = Road(t, s)

    def case(what, message, sender, **want):
        got = r.results(message, sender)
        t.ok(all(got.get(m, (None,))[0] == v for m, v in want.items()), f"{what}: " + ", ".join(f"{m}={v}" for m, v in want.items()), got)
        return got

    plain = letter()
    got = case("sender's own server, no signature", plain, "anna@rossimarmi.example", spf="pass", dkim="none", dmarc="pass")
    t.is_(got["spf"][1], "smtp.mailfrom=anna@rossimarmi.example", "the field says whose SPF")
    t.is_(got["dmarc"][1], "header.from=rossimarmi.example policy.dmarc=reject", "the field says whose DMARC, and the policy")
    t.is_(r.names[:3], ["Return-Path", "Authentication-Results", "Received"], "our field stands between Return-Path and Received")
    t.ok(r.raw.endswith(plain), "what follows is DATA, unchanged")
    p = s.verb("trace", r.id, "--state", s.state, check=False)
    t.ok("mail.azienda.example; spf=pass smtp.mailfrom=anna@rossimarmi.example" in p.stdout and "dmarc=pass" in p.stdout, "sigillo trace says it", p.stdout + p.stderr)
    signed = key.sign(letter("Anna <a@strict.example>"), "strict.example")
    got = case("signed, from elsewhere", signed, "bounce@rossimarmi.example", spf="pass", dkim="pass", dmarc="pass")
    t.ok("header.d=strict.example header.s=sel header.a=rsa-sha256" in got["dkim"][1], "the field says who signed", got)
    case("signature over another subject", signed.replace("Subject: Fattura", "Subject: Bolletta"), "bounce@rossimarmi.example", dkim="fail", dmarc="fail")
    case("signature over another body", signed.replace("in allegato", "in  fondo"), "bounce@rossimarmi.example", dkim="fail", dmarc="fail")
    case("wrong key", other.sign(letter("Anna <a@strict.example>"), "strict.example"), "x@rossimarmi.example", dkim="fail", dmarc="fail")
    case("signed by a stranger", key.sign(letter("Anna <a@strict.example>"), "rossimarmi.example"), "x@rossimarmi.example", dkim="pass", dmarc="fail")
    case("not their server", letter("a@strict.example"), "a@strict.example", spf="fail", dmarc="fail")
    case("soft", letter("a@soft.example"), "a@soft.example", spf="softfail", dmarc="none")
    case("a record that cannot be read", letter("a@wrong.example"), "a@wrong.example", spf="permerror")
    case("no such domain", letter("a@none.example"), "a@none.example", spf="none", dmarc="none")
    case("no answer in time", letter("a@late.example"), "a@late.example", spf="temperror", dmarc="temperror")
    case("servers broken", letter("a@broken.example"), "a@broken.example", spf="temperror", dmarc="temperror")
    got = case("empty reverse-path", letter("a@client.example"), "", spf="pass")
    t.is_(got["spf"][1], "smtp.helo=client.example", "then the HELO name is judged")
    sealed = key.seal(letter("Anna <a@strict.example>", "[lista] Fattura 17"), "lists.example", "lists.example; dmarc=pass header.from=strict.example; dkim=pass")
    case("forwarded by a list", sealed, "lista@rossimarmi.example", arc="pass", dmarc="fail")
    case("and changed after the seal", sealed.replace("in allegato", "in fondo"), "lista@rossimarmi.example", arc="fail", dmarc="fail")

    forged = ("Authentication-Results: mail.azienda.example; dmarc=pass header.from=bank.example\r\n"
              "authentication-results : (c) MAIL.azienda.example 1;\r\n\tspf=pass\r\n"
              "Authentication-Results: other.example; spf=pass\r\n")
    m = letter("a@strict.example", extra=forged)
    got = case("forged results of ours", m, "a@strict.example", spf="fail", dmarc="fail")
    t.ok(r.ours == 1 and "bank.example" not in r.raw and "other.example; spf=pass" in r.raw, "forged fields of ours are gone, others stay", r.raw)
    m = key.sign(letter("Anna <a@strict.example>", extra=forged), "strict.example", h="from:to:subject:authentication-results")
    case("a signature over such a field is judged as received", m, "x@rossimarmi.example", dkim="pass", dmarc="pass")
    nasty = letter('"a;b=(c" <a@strict.example>')
    got = case("odd local part", nasty, '"x; dmarc=pass (\\""@strict.example', spf="fail", dmarc="fail")
    t.is_(got["spf"][1], "smtp.mailfrom=strict.example", "which is not repeated: other programs split at every semicolon")
    return r


def structure(t, s, key):
    """Offsets in what JMAP says are those of the stored bytes."""
    b = "sep"
    body = (f"--{b}\r\nContent-Type: text/plain\r\n\r\nBuongiorno\r\n--{b}\r\nContent-Type: text/csv; name=\"a.csv\"\r\n"
            f"Content-Disposition: attachment; filename=\"a.csv\"\r\n\r\nx,y\r\n1,2\r\n--{b}--\r\n")
    m = letter(subject="Con allegato", extra=f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary={b}\r\n", body=body)
    t.is_(s.send(m, sender="anna@rossimarmi.example")[0], 250, "a message with parts")
    mail = [x for x in s.emails("inbox", properties=["id", "subject", "bodyValues", "textBody", "attachments", "size"]) if x["subject"] == "Con allegato"][0]
    text = mail["bodyValues"][mail["textBody"][0]["partId"]]["value"]
    t.is_(text.strip(), "Buongiorno", "its text is found where the structure says")
    a = mail["attachments"][0]
    status, _, raw = s.request("GET", f"/download/{s.account}/{a['blobId']}/a.csv?accept=text/csv")
    t.is_((status, raw.replace(b"\r\n", b"\n").strip()), (200, b"x,y\n1,2"), "and its attachment too")


def main():
    t = Tap()
    folder = tempfile.mkdtemp(prefix="sigillo-auth-")
    os.chmod(folder, 0o755)
    key, other = Signer(folder, "key"), Signer(folder, "other")
    zone = os.path.join(folder, "zone")
    with open(zone, "w") as f:
        f.write(ZONE + "".join(record(f"sel._domainkey.{d}", key.record) for d in ("rossimarmi.example", "strict.example", "lists.example")))
    os.chmod(zone, 0o644)
    with Server(sets=[f"dns.test_zone={zone}"]) as s:
        s.mailbox()
        r = results(t, s, key, other)
        structure(t, s, key)
        pids = s.roles()
        for pid in pids.get("dns", []):
            os.kill(pid, 9)
        got = r.results(letter("Anna <anna@rossimarmi.example>", "dopo"), "anna@rossimarmi.example")
        t.ok(got.get("spf", ("",))[0] in ("pass", "temperror"), "the dns role dies: mail goes on", got)
    with Server(sets=[f"dns.test_zone={zone}", "auth.trusted_sealers=lists.example", "auth.check=no"]) as s:
        s.mailbox()
        r = Road(t, s)
        raw = r.stored(letter(extra="Authentication-Results: mail.azienda.example; dmarc=pass\r\n"), "anna@rossimarmi.example")
        t.ok("Authentication-Results" not in raw, "auth.check=no: no field of ours, and no forged one either", raw)
    subprocess.run(["rm", "-r", folder], check=False)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
