#!/usr/bin/env python3
"""SMTP as a stranger meets it: every promise of the receiving side on a raw socket, swaks as an independent client, TLS, limits, stop."""
import os, re, shutil, socket, ssl, subprocess, sys, threading, time
from sigillo import Server, Tap, PASSWORD

t = Tap()
BODY = b"From: Uno <uno@cliente.example>\r\nTo: info@azienda.example\r\nSubject: prova\r\n\r\nciao\r\n"


class Raw:
    """A socket that speaks line by line and never helps."""

    def __init__(self, port, greet=True):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.buf = b""
        self.greeting = self.reply() if greet else None

    def send(self, data):
        self.s.sendall(data)

    def line(self):
        while b"\n" not in self.buf:
            got = self.s.recv(65536)
            if not got:
                return None
            self.buf += got
        out, self.buf = self.buf.split(b"\n", 1)
        return (out + b"\n").decode("utf-8", "replace")

    def reply(self):
        """(code, text) of a whole reply; (0, "") at the end of the stream."""
        text = ""
        while True:
            try:
                one = self.line()
            except (ConnectionResetError, TimeoutError):
                one = None
            if one is None:
                return 0, text
            text += one
            if one[3:4] != "-":
                return int(one[:3]), text

    def ask(self, data):
        self.send(data)
        return self.reply()

    def begin(self, to=b"info@azienda.example", data=True):
        self.ask(b"EHLO client.example\r\n")
        self.ask(b"MAIL FROM:<uno@cliente.example>\r\n")
        code, _ = self.ask(b"RCPT TO:<" + to + b">\r\n")
        if code == 250 and data:
            code, _ = self.ask(b"DATA\r\n")
        return code

    def close(self):
        self.s.close()


def count(s):
    return sum(b["totalEmails"] for b in s.jmap(("Mailbox/get", {"ids": None}))[0][1]["list"])


def dialogue(s):
    c = Raw(s.smtp_port)
    t.ok(c.greeting[0] == 220 and "ESMTP" in c.greeting[1], "greeting is 220 ESMTP", c.greeting)
    code, text = c.ask(b"EHLO client.example\r\n")
    for word in ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "STARTTLS", "CHUNKING", "ENHANCEDSTATUSCODES", "LIMITS MAILMAX=20000 RCPTMAX=200"):
        t.ok(word in text, f"EHLO announces {word}", text)
    t.ok("AUTH" not in text and "BINARYMIME" not in text and "DSN" not in text and "VRFY" not in text, "and nothing that is not true", text)
    t.is_(c.ask(b"RCPT TO:<info@azienda.example>\r\n")[0], 503, "RCPT before MAIL: 503")
    t.is_(c.ask(b"DATA\r\n")[0], 503, "DATA before MAIL: 503")
    t.is_(c.ask(b"VRFY info\r\n")[0], 252, "VRFY tells nothing: 252")
    t.is_(c.ask(b"AUTH PLAIN AAAA\r\n")[0], 502, "AUTH is not offered: 502")
    t.is_(c.ask(b"EXPN staff\r\n")[0], 502, "EXPN tells nothing: 502")
    t.is_(c.ask(b"BDAT 6 LAST\r\nQUIT\r\n")[0], 503, "BDAT without a transaction is drained and gets 503")
    code, text = c.ask(b"HELP\r\n")
    t.ok(code == 214 and "BDAT size [LAST]" in text, "HELP lists the commands", text)
    t.is_(c.ask(b"HELP rcpt\r\n")[1].count("RCPT TO"), 1, "HELP explains one")
    t.is_(c.ask(b"XYZZY\r\n")[0], 500, "unknown command: 500")
    t.is_(c.ask(b"NOOP\n")[0], 500, "a command that ends with a bare LF: 500")
    t.is_(c.ask(b"NO\x00OP\r\n")[0], 500, "a command with NUL: 500")
    t.is_(c.ask(b"NOOP " + b"x" * 5000 + b"\r\n")[0], 500, "an overlong command: 500")
    t.is_(c.ask(b"NOOP\r\n")[0], 250, "and the session goes on")
    t.is_(c.ask(b"QUIT\r\n")[0], 221, "QUIT: 221")
    t.is_(c.reply()[0], 0, "and the connection ends")
    c.close()


def paths(s):
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    t.is_(c.ask(b"MAIL FROM:<@relay.example:uno@cliente.example>\r\n")[0], 501, "source route in MAIL: 501")
    t.is_(c.ask(b"MAIL FROM:<uno@cliente.example> SIZE=999999999999\r\n")[0], 552, "SIZE over the limit: 552 before DATA")
    t.is_(c.ask(b"MAIL FROM:<uno@cliente.example> XFOO=1\r\n")[0], 555, "unknown parameter: 555")
    t.is_(c.ask("MAIL FROM:<òttavio@cliente.example>\r\n".encode())[0], 550, "UTF-8 sender without SMTPUTF8: 550")
    t.is_(c.ask("MAIL FROM:<òttavio@cliente.example> SMTPUTF8\r\n".encode())[0], 250, "with SMTPUTF8: 250")
    t.is_(c.ask(b"RCPT TO:<@relay.example:info@azienda.example>\r\n")[0], 501, "source route in RCPT: 501")
    code, text = c.ask(b"RCPT TO:<nessuno@azienda.example>\r\n")
    t.ok(code == 550 and "5.1.1" in text, "unknown recipient: 550 5.1.1", text)
    t.is_(c.ask(b"RCPT TO:<a@altrove.example>\r\n")[0], 550, "no relay: 550")
    t.is_(c.ask(b"DATA\r\n")[0], 503, "DATA without an accepted recipient: 503")
    t.is_(c.ask(b"RCPT TO:<INFO@Azienda.Example>\r\n")[0], 250, "case of the address does not matter")
    code, text = c.ask(b"RCPT TO:<info@altra.example>\r\n")
    t.ok(code == 452 and "4.5.3" in text, "recipient of another firm: 452 4.5.3", text)
    c.ask(b"RSET\r\n")
    c.ask(b"MAIL FROM:<>\r\n")
    t.is_(c.ask(b"RCPT TO:<info@altra.example>\r\n")[0], 250, "in a transaction of its own: 250")
    c.close()


def smuggling(s):
    """CVE-2023-51764/5/6: what is not CRLF.CRLF never ends the data."""
    before = count(s)
    inner = b"MAIL FROM:<evil@cliente.example>\r\nRCPT TO:<info@azienda.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"
    for name, end in (("LF.LF", b"\n.\n"), ("LF.CRLF", b"\n.\r\n"), ("CRLF.LF", b"\r\n.\n"), ("CR.CR", b"\r.\r"), ("CRLF.CR", b"\r\n.\r"), ("CR.CRLF", b"\r.\r\n"),
                      ("CRLF.CRCRLF", b"\r\n.\r\r\n"), ("CRLF.NUL-CRLF", b"\r\n\0.\r\n")):
        c = Raw(s.smtp_port)
        c.begin()
        code, text = c.ask(BODY + b"x" + end + inner + b".\r\n")
        if "NUL" in name:
            t.is_(code, 250, f"{name} is content, one message")
            before += 1
        else:
            t.ok(code == 550 and "5.6.11" in text, f"{name} does not end the data and is refused: 550 5.6.11", text)
        t.is_(c.ask(b"NOOP\r\n")[0], 250, f"{name}: exactly one reply")
        c.close()
    t.is_(count(s), before, "no smuggled message arrived")
    c = Raw(s.smtp_port)
    c.begin()
    t.is_(c.ask(BODY + b"bare\nlf\n..dots\r\n..stuffed\r\n.\r\n")[0], 250, "a lone LF is normalised, not refused")
    c.close()
    mail = s.emails()[-1]
    text = mail["bodyValues"][mail["textBody"][0]["partId"]]["value"]
    t.ok("bare\nlf\n..dots\n.stuffed" in text.replace("\r", ""), "dots are removed after a true CRLF only", text)


def out_of_turn(s):
    c = Raw(s.smtp_port)
    code, text = c.ask(b"EHLO client.example\r\nMAIL FROM:<a@b.example>\r\n")
    t.ok(code == 554 and c.reply()[0] == 0, "commands behind EHLO before its reply: 554 and the end", text)
    c = Raw(s.smtp_port)
    c.begin(data=False)
    code, text = c.ask(b"DATA\r\n" + BODY + b".\r\n")
    t.ok(code == 554 and c.reply()[0] == 0, "data before 354: 554 and the end", text)
    c = Raw(s.smtp_port)
    code, text = c.ask(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b.example>\r\n")
    t.ok(code == 554 and c.reply()[0] == 0, "a browser is told that this is SMTP", text)
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.send(b"MAIL FROM:<uno@cliente.example>\r\nRCPT TO:<info@azienda.example>\r\nRCPT TO:<nessuno@azienda.example>\r\nDATA\r\n")
    t.is_([c.reply()[0] for _ in range(4)], [250, 250, 550, 354], "a pipelined group as RFC 2920 allows")
    c.send(BODY + b".\r\nMAIL FROM:<uno@cliente.example>\r\nQUIT\r\n")
    t.is_([c.reply()[0] for _ in range(3)], [250, 250, 221], "and the next group right behind the final dot")
    c.close()


def tls(s):
    ctx = ssl.create_default_context()
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.ask(b"MAIL FROM:<before@cliente.example>\r\n")
    # Injected before the handshake: must not be read as part of the protected session. It stands out of turn, so the session ends.
    code, text = c.ask(b"STARTTLS\r\nRSET\r\n")
    t.ok(code == 554 and c.reply()[0] == 0, "plaintext behind STARTTLS: 554 and the end", text)
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.ask(b"MAIL FROM:<before@cliente.example>\r\n")
    t.is_(c.ask(b"STARTTLS\r\n")[0], 220, "STARTTLS: 220")
    c.s = ctx.wrap_socket(c.s)
    t.ok(c.s.version() in ("TLSv1.3", "TLSv1.2"), f"handshake with the key in another process: {c.s.version()}")
    t.is_(c.ask(b"RCPT TO:<info@azienda.example>\r\n")[0], 503, "the state from before is forgotten")
    t.is_(c.ask(b"MAIL FROM:<a@b.example>\r\n")[0], 503, "EHLO has to be said again")
    code, text = c.ask(b"EHLO client.example\r\n")
    t.ok("STARTTLS" not in text, "STARTTLS is not offered twice", text)
    c.ask(b"MAIL FROM:<uno@cliente.example>\r\n")
    c.ask(b"RCPT TO:<info@azienda.example>\r\n")
    c.ask(b"DATA\r\n")
    t.is_(c.ask(BODY + b"over tls\r\n" * 20000 + b".\r\n")[0], 250, "a large message over TLS is kept")
    t.is_(c.ask(b"STARTTLS\r\n")[0], 503, "STARTTLS inside TLS: 503")
    c.close()
    before = count(s)
    c = Raw(s.smtp_port)  # line 3: a message half come by chunks dies with the plain session
    c.begin(data=False)
    t.is_(c.ask(b"BDAT 9\r\nX: mine\r\n")[0], 250, "line 3: a chunk before STARTTLS")
    t.is_(c.ask(b"STARTTLS\r\n")[0], 220, "line 3: STARTTLS in the middle of a message")
    c.s = ctx.wrap_socket(c.s)
    c.ask(b"EHLO client.example\r\n")
    t.is_(c.ask(b"BDAT 6 LAST\r\nQUIT\r\n")[0], 503, "line 3: the next chunk belongs to nothing and is drained")
    c.send(b"MAIL FROM:<uno@cliente.example>\r\nRCPT TO:<info@azienda.example>\r\nBDAT %d LAST\r\n" % len(BODY) + BODY)
    t.is_([c.reply()[0] for _ in range(3)], [250] * 3, "line 3: a message by chunks inside TLS")
    t.is_(count(s), before + 1, "line 3: it alone arrives")
    c.close()
    bad = Raw(s.smtp_port)
    bad.ask(b"EHLO client.example\r\n")
    bad.ask(b"STARTTLS\r\n")
    bad.send(b"this is no handshake\r\n" * 10)
    try:
        while bad.s.recv(4096):
            pass
    except OSError:
        pass
    bad.close()
    t.is_(s.send(BODY.replace(b"prova", b"dopo"))[0], 250, "a broken handshake ends its own connection only")


def limits(s):
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.ask(b"MAIL FROM:<uno@cliente.example>\r\n")
    codes = [c.ask(b"RCPT TO:<nessuno%d@azienda.example>\r\n" % i)[0] for i in range(21)]
    t.ok(codes[:20] == [550] * 20 and codes[20] == 421, "harvesting ends with 421", codes)
    c = Raw(s.smtp_port)
    codes = [c.ask(b"FROB\r\n")[0] for _ in range(21)]
    t.ok(codes[:20] == [500] * 20 and codes[20] == 421, "twenty errors, then 421", codes)
    c = Raw(s.smtp_port)
    codes = []
    for _ in range(201):
        codes.append(c.ask(b"NOOP\r\n")[0])
    t.ok(codes[:200] == [250] * 200 and codes[200] == 421, "two hundred commands without mail, then 421", codes[-3:])


def sizes(port, s):
    c = Raw(port)
    c.begin()
    chunk = (b"x" * 998 + b"\r\n") * 64
    for _ in range(4):
        c.send(chunk)
    code, text = c.ask(b".\r\n")
    t.ok(code == 552 and "5.3.4" in text, "a message over the limit: 552 5.3.4, read to its end", text)
    t.is_(c.ask(b"MAIL FROM:<uno@cliente.example>\r\n")[0], 250, "and the session goes on")
    c.close()
    c = Raw(port)
    c.ask(b"EHLO client.example\r\n")
    c.ask(b"MAIL FROM:<uno@cliente.example>\r\n")
    t.is_([c.ask(b"RCPT TO:<u%d@azienda.example>\r\n" % i)[0] for i in range(4)], [250, 250, 250, 452], "recipients over the limit: 452")
    c.close()
    held = [Raw(port) for _ in range(5)]
    late = Raw(port)
    t.ok(late.greeting[0] == 421, "connections over the limit: 421", late.greeting)
    for h in held:
        h.close()
    late.close()
    time.sleep(0.3)
    c = Raw(port)
    start = time.monotonic()
    code, text = c.reply()
    took = time.monotonic() - start
    t.ok(code == 421 and "4.4.2" in text and 1 <= took < 60, f"silence of smtp.timeout: 421 4.4.2 after {took:.1f} s", text)
    c.close()


def departures(s):
    before = count(s)
    for cut in (b"", b"Subject: half\r\n", BODY, BODY + b".\r"):
        c = Raw(s.smtp_port)
        c.begin()
        c.send(cut)
        c.close()
    time.sleep(0.5)
    t.is_(count(s), before, "a client that leaves within DATA leaves nothing behind")
    c = Raw(s.smtp_port)
    c.begin()
    c.send(BODY.replace(b"prova", b"addio") + b".\r\n")
    c.s.shutdown(socket.SHUT_WR)
    t.is_(c.reply()[0], 250, "a client that closes its side after the final dot still gets its 250")
    c.close()


def resends(s):
    """The reply was lost: the same DATA again is answered with the first id and stored once."""
    data = BODY.replace(b"prova", b"reinvio")
    before = count(s)
    c = Raw(s.smtp_port)
    c.begin()
    c.send(data + b".\r\n")
    c.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    c.close()  # reset: whether the reply reached the socket is a race, so what follows is one or two
    end = time.monotonic() + 60
    while count(s) == before and time.monotonic() < end:
        time.sleep(0.1)
    c = Raw(s.smtp_port)
    c.begin()
    code, text = c.ask(data + b".\r\n")
    c.close()
    t.ok(code == 250 and count(s) - before in (1, 2), "a resend is answered 250", (text, count(s) - before))


def swaks(s):
    if not shutil.which("swaks"):
        t.skip("swaks", "not installed")
        return
    base = ["swaks", "--server", "127.0.0.1", "--port", str(s.smtp_port), "--from", "uno@cliente.example", "--timeout", "90"]
    p = subprocess.run(base + ["--to", "info@azienda.example", "--h-Subject", "da swaks"], capture_output=True, text=True, timeout=180)
    t.ok(p.returncode == 0 and re.search(r"250 2\.0\.0 Accepted as \S+: kept on stable storage", p.stdout), "swaks delivers a mail", p.stdout[-800:])
    p = subprocess.run(base + ["--to", "info@azienda.example,info@altra.example", "--pipeline"], capture_output=True, text=True, timeout=180)
    t.ok("452 4.5.3" in p.stdout, "swaks with two firms and pipelining: the second is told to come again", p.stdout[-800:])
    p = subprocess.run(base + ["--to", "nessuno@azienda.example"], capture_output=True, text=True, timeout=180)
    t.ok("550 5.1.1" in p.stdout, "swaks learns about an unknown recipient", p.stdout[-400:])


def stop(s):
    idle, busy = Raw(s.smtp_port), Raw(s.smtp_port)
    busy.begin()
    busy.send(BODY.replace(b"prova", b"ultima"))
    before = count(s)
    result = []
    killer = threading.Thread(target=lambda: result.append(s.stop()))
    killer.start()
    t.is_(idle.reply()[0], 421, "SIGTERM: an idle session gets 421")
    time.sleep(0.3)
    t.is_(busy.ask(b".\r\n")[0], 250, "a session in DATA still gets its 250")
    t.is_(busy.reply()[0], 421, "then 421")
    killer.join()
    t.is_(result, [0], "and the server ends with exit 0")
    s.start()
    t.is_(count(s), before + 1, "the message of the last moment is there after the start")


def stubborn(s):
    c = Raw(s.smtp_port)
    c.begin()
    c.send(BODY)
    begun = time.monotonic()
    t.is_(s.stop(), 0, "a session that never ends its DATA does not hold up the end")
    t.ok(5 < time.monotonic() - begun < 60, "but has some seconds for it")


def chunking(s):
    """RFC 3030: exact octets, drained on error, never mixed with DATA (line 2 of the list)."""
    before = count(s)
    c = Raw(s.smtp_port)
    c.begin(data=False)
    t.is_(c.ask(b"BDAT 6\r\nQUIT\r\n")[0], 250, "a command inside a chunk is content")
    t.is_(c.ask(b"DATA\r\n")[0], 503, "DATA behind BDAT: 503")
    c.ask(b"RSET\r\n")
    body = BODY + b".\r\nNOOP\r\n" + b"x" * 70000 + b"\r\n"
    c.send(b"MAIL FROM:<uno@cliente.example>\r\nRCPT TO:<info@azienda.example>\r\nBDAT %d\r\n" % 1000 + body[:1000] + b"BDAT %d LAST\r\n" % (len(body) - 1000) + body[1000:])
    t.is_([c.reply()[0] for _ in range(4)], [250] * 4, "MAIL, RCPT and all chunks in one write")
    t.is_(c.ask(b"BDAT 6 LAST\r\nQUIT\r\n")[0], 503, "a chunk behind LAST is drained: 503")
    c.ask(b"MAIL FROM:<uno@cliente.example>\r\n")
    c.ask(b"RCPT TO:<info@azienda.example>\r\n")
    code, text = c.ask(b"BDAT 9 LAST\r\nx\n.\n\r\nabc")
    t.ok(code == 550 and "5.6.11" in text, "a lone dot between bare LFs: 550 as in DATA", text)
    t.is_(c.ask(b"NOOP\r\n")[0], 250, "and the session is in step")
    code, text = c.ask(b"BDAT 10 LOST\r\n")
    t.ok(code == 501 and c.reply()[0] == 0, "BDAT that cannot be counted ends the connection", text)
    t.is_(count(s), before + 1, "one message arrived")
    mail = s.emails()[-1]
    text = mail["bodyValues"][mail["textBody"][0]["partId"]]["value"]
    t.ok("\n.\nNOOP\n" in text.replace("\r", ""), "with its dots as sent", text[:100])


def traced(s, text):
    """What `sigillo trace` says of the id in a reply; refusals are written within a second or two."""
    ref = re.search(r"\((\S+\.\S+)\)", text).group(1)
    for _ in range(50):
        p = s.verb("trace", ref, "--state", s.state, check=False)
        if p.returncode == 0:
            return p.stdout
        time.sleep(0.1)
    return p.stderr


def refusals(s):
    """Line 7: answered in the session, and found again by the id."""
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.ask(b"MAIL FROM:<uno@cliente.example>\r\n")
    _, unknown = c.ask(b"RCPT TO:<nessuno@azienda.example>\r\n")
    code, relay = c.ask(b"RCPT TO:<a@altrove.example>\r\n")
    t.ok(code == 550 and "5.7.1" in relay, "a foreign domain: 550 5.7.1", relay)
    out = traced(s, unknown)
    t.ok("nessuno@azienda.example" in out and "550 5.1.1" in out and "uno@cliente.example" in out, "trace knows the id of an unknown recipient", out)
    out = traced(s, relay)
    t.ok("a@altrove.example" in out and "550 5.7.1" in out, "and of a relay try, which is no firm's", out)
    c.ask(b"RCPT TO:<info@azienda.example>\r\n")
    c.ask(b"DATA\r\n")
    _, bare = c.ask(b"a\rb\r\n.\r\n")
    t.ok("550 5.6.11" in traced(s, bare), "and of a refused message", bare)


def roles(s):
    """RFC 5321 4.5.1: somebody reads postmaster and abuse."""
    before = count(s)
    for to in (b"Postmaster", b"postmaster@azienda.example", b"ABUSE@azienda.example"):
        c = Raw(s.smtp_port)
        t.is_(c.begin(to=to), 354, f"RCPT TO:<{to.decode()}>")
        code, text = c.ask(BODY.replace(b"prova", to) + b".\r\n")
        t.is_(code, 250, "is accepted")
        c.close()
    t.is_(count(s), before + 3, "and the firm's first administrator has them")
    p = s.verb("trace", re.search(r"as (\S+):", text).group(1), "--state", s.state)
    t.ok("ABUSE" in p.stdout, "trace knows where they went", p.stdout)
    c = Raw(s.smtp_port)
    t.is_(c.begin(to=b"postmaster@altrove.example"), 550, "somebody else's postmaster is not ours")


def quota(s):
    s.verb("user", "add", "piena@azienda.example", "--name", "Piena", "--password-stdin", "--state", s.state, stdin=PASSWORD)
    s.verb("user", "quota", "piena@azienda.example", "20K", "--state", s.state)
    big = BODY + (b"y" * 70 + b"\r\n") * 400
    t.is_(s.send(big, to="piena@azienda.example")[0], 250, "a mailbox with room left takes the mail that fills it")
    time.sleep(2.2)
    code, text = s.send(BODY, to="piena@azienda.example")
    t.ok(code == 452 and "4.2.2" in text, "then 452 4.2.2", text)
    t.ok("Mailbox is full" in traced(s, text), "which trace knows")
    s.verb("user", "quota", "piena@azienda.example", "1M", "--state", s.state)
    time.sleep(2.2)
    t.is_(s.send(BODY.replace(b"prova", b"posto"), to="piena@azienda.example")[0], 250, "a larger quota lets it in")
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.ask(b"MAIL FROM:<uno@cliente.example> SIZE=2000000\r\n")
    t.is_(c.ask(b"RCPT TO:<piena@azienda.example>\r\n")[0], 452, "a declared SIZE beyond the room: 452 before DATA")
    p = s.verb("user", "quota", "nessuno@azienda.example", "1M", "--state", s.state, check=False)
    t.ok(p.returncode == 1 and "no account" in p.stderr, "a quota for nobody is refused", p.stderr)
    p = s.verb("user", "quota", "piena@azienda.example", "plenty", "--state", s.state, check=False)
    t.ok(p.returncode == 1 and "no size" in p.stderr, "and so is one that is no size", p.stderr)


def loops(s):
    """Line 8."""
    code, text = s.send(b"Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n" * 101 + BODY)
    t.ok(code == 554 and "5.4.6" in text, "101 Received: 554 5.4.6", text)
    t.ok("5.4.6" in traced(s, text), "which trace knows")
    code, text = s.send(b"Delivered-To: info@azienda.example\r\n" + BODY)
    t.ok(code == 554 and "5.4.6" in text, "our own Delivered-To: 554 5.4.6", text)
    t.is_(s.send(b"Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n" * 30 + BODY)[0], 250, "30 Received: 250")


def headers(s):
    """Lines 4 and 6."""
    code, text = s.send(b"X-Long: " + b"a" * 900 + b"\r\n" + b" b" * 400 + b"\r\n" * 1 + (b" " + b"c" * 990 + b"\r\n") * 1200 + BODY)
    t.ok(code == 552 and "5.3.4" in text, "a header block over 1 MB: 552", text)
    code, text = s.send(b"X-A: b\r\n" * 10001 + BODY)
    t.ok(code == 552 and "5.3.4" in text, "10,001 header fields: 552", text)
    before = count(s)
    c = Raw(s.smtp_port)
    c.begin()
    t.is_(c.ask(b"X-Nul: a\0b\r\nSubject: caff\xe8\r\n" + BODY.replace(b"Subject: prova\r\n", b"") + b".\r\n")[0], 250, "NUL and 8-bit in a header are accepted")
    t.is_(count(s), before + 1, "and kept")
    t.ok("header_8bit_without_smtputf8=1" in s.logged() and "header_nul=1" in s.logged(), "but flagged")


def utf8(s):
    """Line 5."""
    s.verb("firm", "add", "Bücher", "--domain", "bücher.example", "--state", s.state)
    s.verb("user", "add", "info@bücher.example", "--name", "B", "--password-stdin", "--state", s.state, stdin=PASSWORD)
    c = Raw(s.smtp_port)
    c.ask(b"EHLO client.example\r\n")
    c.ask("MAIL FROM:<òttavio@cliente.example> SMTPUTF8\r\n".encode())
    t.is_(c.ask("RCPT TO:<info@bücher.example>\r\n".encode())[0], 250, "U-label with SMTPUTF8")
    t.is_(c.ask(b"RCPT TO:<INFO@XN--BCHER-KVA.EXAMPLE>\r\n")[0], 250, "its A-label is the same domain")
    c.ask(b"DATA\r\n")
    code, text = c.ask("Subject: è\r\n\r\nx\r\n.\r\n".encode())
    t.ok(code == 250 and text.isascii(), "kept; replies are ASCII", text)
    code, text = c.ask("MAIL FROM:<x@cliente.example>\r\n".encode())
    code, text = c.ask("RCPT TO:<info@bücher.example>\r\n".encode())
    t.ok(code == 553 and "5.6.7" in text, "without SMTPUTF8: 553 5.6.7", text)
    t.is_(c.ask(b"RCPT TO:<info@xn--bcher-kva.example>\r\n")[0], 250, "the A-label needs nothing")


def other_firm(s):
    s.verb("firm", "add", "Altra", "--domain", "altra.example", "--state", s.state)
    s.verb("user", "add", "info@altra.example", "--name", "Altra", "--password-stdin", "--state", s.state, stdin=PASSWORD)


if os.environ.get("SIGILLO_PG_URL"):  # tests/e2e/smtp_postgresql.sh: what asks or writes the store, over PostgreSQL
    with Server(sets=["db.engine=postgresql", "db.url=" + os.environ["SIGILLO_PG_URL"]]) as s:
        other_firm(s)
        for part in (paths, chunking, refusals, roles, quota, loops, utf8, limits):
            part(s)
    sys.exit(t.done())
with Server() as s:
    other_firm(s)
    for part in (dialogue, paths, smuggling, out_of_turn, tls, chunking, refusals, roles, quota, loops, headers, utf8, limits, departures, resends, swaks, stop, stubborn):
        part(s)
with Server(sets=["smtp.max_size=100K", "smtp.max_recipients=3", "smtp.max_connections=5", "smtp.timeout=2s"]) as s:
    for i in range(4):
        s.verb("user", "add", f"u{i}@azienda.example", "--name", "U", "--password-stdin", "--state", s.state, stdin=PASSWORD)
    sizes(s.smtp_port, s)
sys.exit(t.done())
