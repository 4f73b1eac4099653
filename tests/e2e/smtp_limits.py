#!/usr/bin/env python3
"""SMTP limits as a stranger meets them: by network and firm, greylisting that survives a restart, tarpit, early talkers, slow clients."""
import re, select, socket, sys, time
from sigillo import Server, Tap

t = Tap()
BODY = b"From: Uno <uno@cliente.example>\r\nTo: info@azienda.example\r\nSubject: prova\r\n\r\nciao\r\n"
STRANGER = "smtp.exempt_networks="  # loopback counts as anybody


def lines(c, n, wait=120):
    """n whole replies as (code, text); (0, "") when the stream ends."""
    out, buf = [], b""
    c.settimeout(wait)
    while len(out) < n:
        got = c.recv(65536)
        if not got:
            out.append((0, ""))
            break
        buf += got
        while b"\n" in buf:
            one, buf = buf.split(b"\n", 1)
            if one[3:4] == b" ":
                out.append((int(one[:3]), one.decode("utf-8", "replace")))
    return out


def connect(s, source="127.0.0.1", greet=True):
    c = socket.create_connection(("127.0.0.1", s.smtp_port), timeout=120, source_address=(source, 0))
    return (c, lines(c, 1)[0]) if greet else c


def ask(c, data, n=1, wait=120):
    c.sendall(data)
    out = lines(c, n, wait)
    return out[0] if n == 1 else [code for code, _ in out]


def mail(s, source="127.0.0.1", sender=b"uno@cliente.example", to=b"info@azienda.example"):
    """Code and text of the first reply that is not 2xx or 3xx, or of the last."""
    c, first = connect(s, source)
    if first[0] != 220:
        return first
    for word in (b"EHLO client.example\r\n", b"MAIL FROM:<" + sender + b">\r\n", b"RCPT TO:<" + to + b">\r\n", b"DATA\r\n", BODY + b".\r\n"):
        reply = ask(c, word)
        if reply[0] >= 400:
            break
    c.close()
    return reply


def networks():
    with Server(sets=[STRANGER, "smtp.network_connections=3", "smtp.network_connection_rate=30", "smtp.network_message_rate=5", "smtp.network_unknown_rate=4"]) as s:
        held = [connect(s, f"127.0.1.{i}") for i in range(1, 5)]
        t.is_([h[1][0] for h in held], [220, 220, 220, 421], "the fourth connection of one /24 gets 421")
        t.ok(re.search(r"421 4\.7\.0 .* \(s\.\S+\)", held[3][1][1]), "with an id", held[3][1][1])
        other = connect(s, "127.0.2.1")
        t.is_(other[1][0], 220, "another network does not feel it")
        for c, _ in held + [other]:
            c.close()
        time.sleep(0.3)
        t.is_(connect(s, "127.0.1.9")[1][0], 220, "and when they have left there is room again")
        codes = [connect(s, "127.0.3.1")[1][0] for _ in range(3)]
        t.is_(codes, [220] * 3, "connections one after another")
        t.is_([mail(s, "127.0.4.1")[0] for _ in range(6)], [250] * 5 + [451], "five messages a minute of one network, then 451")
        t.is_(mail(s, "127.0.5.1")[0], 250, "not of another")
        c, _ = connect(s, "127.0.6.1")
        ask(c, b"EHLO client.example\r\n")
        ask(c, b"MAIL FROM:<>\r\n")
        codes = [ask(c, b"RCPT TO:<no%d@azienda.example>\r\n" % i)[0] for i in range(5)]
        t.is_(codes, [550] * 4 + [421], "harvesting over a network's measure: 421")
        t.is_(mail(s, "127.0.6.2", to=b"nope@azienda.example")[0], 421, "also on its next connection")
        t.is_(mail(s, "127.0.6.3")[0], 250, "while its mail to people who exist is taken")
        codes = []
        for _ in range(40):
            c, first = connect(s, "127.0.7.1")
            codes.append(first[0])
            c.close()
            if first[0] != 220:
                break
        t.ok(codes[-1] == 421 and len(codes) == 31, "thirty connections a minute of one network, then 421", codes)


def firms():
    with Server(sets=[STRANGER, "smtp.firm_message_rate=3"]) as s:
        t.is_([mail(s, f"127.0.{i}.1")[0] for i in range(1, 5)], [250, 250, 250, 451], "three messages a minute for one firm, then 451")


def greylist():
    with Server(sets=[STRANGER, "smtp.greylist=yes", "smtp.greylist_delay=2s"]) as s:
        mail(s, "127.0.9.1")  # the firm's rows are read with its first recipient
        time.sleep(0.3)
        code, text = mail(s, "127.0.1.1")
        t.ok(code == 451 and "4.7.1" in text, "a first mail: 451 4.7.1", text)
        t.is_(mail(s, "127.0.1.1")[0], 451, "at once again: 451")
        time.sleep(2.2)
        t.is_(mail(s, "127.0.1.77")[0], 250, "after the wait, from the same /24: 250")
        t.is_(mail(s, "127.0.1.1")[0], 250, "and from then on")
        t.is_(mail(s, "127.0.1.1", sender=b"altro@cliente.example")[0], 451, "another sender is new")
        t.is_(mail(s, "127.0.2.1")[0], 451, "another network is new")
        time.sleep(2.2)
        s.stop()
        s.start()
        t.is_(mail(s, "127.0.3.1")[0], 250, "right after a start nobody waits because of us")
        time.sleep(0.3)
        t.is_(mail(s, "127.0.1.1")[0], 250, "who had passed is known after a restart")
        t.is_(mail(s, "127.0.2.1")[0], 451, "who had only been told to come back waits once more")
        t.is_(mail(s, "127.0.4.1")[0], 451, "a stranger is still one")
        for i in range(2):
            mail(s, "127.0.5.1", sender=b"s%d@cliente.example" % i)
            mail(s, "127.0.5.1", sender=b"t%d@cliente.example" % i)
        time.sleep(2.2)
        for i in range(2):
            mail(s, "127.0.5.1", sender=b"s%d@cliente.example" % i)
            mail(s, "127.0.5.1", sender=b"t%d@cliente.example" % i)
        t.is_(mail(s, "127.0.5.9", sender=b"nuovo@cliente.example")[0], 250, "a network that came back three times is trusted")


def tarpit():
    with Server(sets=[STRANGER, "smtp.tarpit=6s"]) as s:
        slow, _ = connect(s)
        begun = time.monotonic()
        slow.sendall(b"FROB\r\n")
        t.is_(mail(s, "127.0.2.1")[0], 250, "while one connection sits in the tarpit another delivers")
        t.ok(not select.select([slow], [], [], 0)[0], "without waiting for it", time.monotonic() - begun)
        t.is_(lines(slow, 1)[0][0], 500, "the error is answered")
        t.ok(5.9 < time.monotonic() - begun, "late", time.monotonic() - begun)
        begun = time.monotonic()
        t.is_(ask(slow, b"NOOP\r\n")[0], 250, "what is right is answered")
        t.ok(time.monotonic() - begun < 5, "without the tarpit", time.monotonic() - begun)
        slow.sendall(b"FROB\r\n")
        begun = time.monotonic()
        t.is_(s.stop(), 0, "a connection in the tarpit does not hold up the end")


def early():
    with Server(sets=[STRANGER, "smtp.greeting_delay=1s"]) as s:
        c = connect(s, greet=False)
        c.sendall(b"EHLO bot.example\r\n")
        t.is_(lines(c, 1)[0][0], 554, "line 2: who speaks before the greeting gets 554")
        begun = time.monotonic()
        c, first = connect(s)
        t.ok(first[0] == 220 and time.monotonic() - begun > 0.8, "who waits is greeted")
        t.is_(ask(c, b"HELO old.example\r\n")[0], 250, "HELO")
        t.is_(ask(c, b"MAIL FROM:<>\r\nRCPT TO:<info@azienda.example>\r\n")[0], 554, "line 2: pipelining after HELO: 554")


def low_disk():
    with Server() as s:
        t.is_(mail(s)[0], 250, "line 29: mail while there is room")
        s.stop()
        s.sets.append("cell.low_water=1000T")
        s.start()
        code, text = mail(s)
        for _ in range(50):
            if code == 452:
                break
            time.sleep(0.1)
            code, text = mail(s, sender=b"again@cliente.example")
        t.ok(code == 452 and "4.3.1" in text, "line 29: below the low water 452 before DATA", text)
        t.is_(len(s.emails()), 1, "line 29: and reads go on")


def bad_settings():
    s = Server(sets=["smtp.exempt_networks=10.0.0.0/99"])
    try:
        s.start(wait=10)
        t.ok(False, "a network that is none is refused at start")
    except RuntimeError as e:
        t.ok("smtp.exempt_networks" in str(e) and "10.0.0.0/99" in str(e), "a network that is none is refused at start", e)
    finally:
        s.__exit__()


for part in (networks, firms, greylist, tarpit, early, low_disk, bad_settings):
    part()
sys.exit(t.done())
