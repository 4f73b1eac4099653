#!/usr/bin/env python3
"""SMTP as a stranger meets it: every promise of the receiving side on a raw socket, swaks as an independent client, TLS, limits, stop."""
import os, re, shutil, socket, ssl, subprocess, sys, threading, time
from sigillo import Server, Tap, PASSWORD

t = Tap()
BODY = b"From: Uno <uno@cliente.example>\r\nTo: info@azienda.example\r\nSubject: prova\r\n\r\nciao\r\n"


class Raw:
    """A socket that speaks line by line and never helps."""

    def __init__(self, port, greet=True):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=30)
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
    for word in ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "STARTTLS", "ENHANCEDSTATUSCODES", "LIMITS RCPTMAX=200"):
        t.ok(word in text, f"EHLO announces {word}", text)
    t.ok("AUTH" not in text and "CHUNKING" not in text and "VRFY" not in text, "and nothing that is not true", text)
    t.is_(c.ask(b"RCPT TO:<info@azienda.example>\r\n")[0], 503, "RCPT before MAIL: 503")
    t.is_(c.ask(b"DATA\r\n")[0], 503, "DATA before MAIL: 503")
    t.is_(c.ask(b"VRFY info\r\n")[0], 252, "VRFY tells nothing: 252")
    t.is_(c.ask(b"AUTH PLAIN AAAA\r\n")[0], 502, "AUTH is not offered: 502")
    t.is_(c.ask(b"BDAT 5 LAST\r\n")[0], 502, "BDAT is not offered: 502")
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
    t.ok(code == 421 and "4.4.2" in text and 1 <= took < 4, f"silence of smtp.timeout: 421 4.4.2 after {took:.1f} s", text)
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
    end = time.monotonic() + 5
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
    base = ["swaks", "--server", "127.0.0.1", "--port", str(s.smtp_port), "--from", "uno@cliente.example", "--timeout", "20"]
    p = subprocess.run(base + ["--to", "info@azienda.example", "--h-Subject", "da swaks"], capture_output=True, text=True, timeout=60)
    t.ok(p.returncode == 0 and re.search(r"250 2\.0\.0 Accepted as \S+: kept on stable storage", p.stdout), "swaks delivers a mail", p.stdout[-800:])
    p = subprocess.run(base + ["--to", "info@azienda.example,info@altra.example", "--pipeline"], capture_output=True, text=True, timeout=60)
    t.ok("452 4.5.3" in p.stdout, "swaks with two firms and pipelining: the second is told to come again", p.stdout[-800:])
    p = subprocess.run(base + ["--to", "nessuno@azienda.example"], capture_output=True, text=True, timeout=60)
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
    t.ok(5 < time.monotonic() - begun < 10, "but has some seconds for it")


def other_firm(s):
    s.cli("firm", "add", "Altra", "--domain", "altra.example", "--state", s.state)
    s.cli("user", "add", "info@altra.example", "--name", "Altra", "--password-stdin", "--state", s.state, stdin=PASSWORD)


with Server() as s:
    other_firm(s)
    for part in (dialogue, paths, smuggling, out_of_turn, tls, limits, departures, resends, swaks, stop, stubborn):
        part(s)
with Server(sets=["smtp.max_size=100K", "smtp.max_recipients=3", "smtp.max_connections=5", "smtp.timeout=2s"]) as s:
    for i in range(4):
        s.cli("user", "add", f"u{i}@azienda.example", "--name", "U", "--password-stdin", "--state", s.state, stdin=PASSWORD)
    sizes(s.smtp_port, s)
sys.exit(t.done())
