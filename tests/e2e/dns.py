#!/usr/bin/env python3
"""The role dns over a test zone: what it answers, and that no bad question stops it."""
import os, socket, struct, sys, tempfile, threading
from role_fd import Read, Role, vstr
from sigillo import Tap

t = Tap()
A, CNAME, PTR, MX, TXT, AAAA = 1, 5, 12, 15, 16, 28
OK, NXDOMAIN, SERVFAIL, TIMEOUT = range(4)
ZONE = """; the zone of the tests
azienda.example. 300 IN MX 10 mail.azienda.example.
azienda.example. 300 IN TXT "v=spf1 ip4:192.0.2.1" " -all"
mail.azienda.example. 300 IN A 192.0.2.1
mail.azienda.example. 300 IN AAAA 2001:db8::1
alias.azienda.example. 60 IN CNAME mail.azienda.example.
loop.azienda.example. 60 IN CNAME loop2.azienda.example.
loop2.azienda.example. 60 IN CNAME loop.azienda.example.
1.2.0.192.in-addr.arpa. 300 IN PTR mail.azienda.example.
# what no record can say
$servfail broken.example
$timeout Slow.Example.
"""


def answer(body):
    r = Read(body)
    status, secure, ttl, n = r.num("B"), r.num("B"), r.num("I"), r.num("H")
    data = [r.vstr() for _ in range(n)]
    assert r.done()
    return status, data, ttl, secure


def ask(ch, kind, name, wait=10):
    got, body, _ = ch.ask("DNS_QUERY", struct.pack(">H", kind) + vstr(name), wait=wait)
    return answer(body) if got == "DNS_ANSWER" else (got, [], 0, 0)


def answers(r):
    n = r.net
    t.is_(ask(n, A, "mail.azienda.example")[:3], (OK, [b"\xc0\x00\x02\x01"], 300), "A")
    t.is_(ask(n, A, "MAIL.azienda.EXAMPLE.")[1], [b"\xc0\x00\x02\x01"], "case and the last dot do not matter")
    t.is_(ask(n, AAAA, "mail.azienda.example")[1], [b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01"], "AAAA")
    t.is_(ask(n, MX, "azienda.example")[1], [b"\0\x0a\4mail\7azienda\7example\0"], "MX with its name uncompressed")
    t.is_(ask(n, TXT, "azienda.example")[1], [b"\x14v=spf1 ip4:192.0.2.1\5 -all"], "TXT of two strings")
    t.is_(ask(n, PTR, "1.2.0.192.in-addr.arpa")[1], [b"\4mail\7azienda\7example\0"], "PTR")
    t.is_(ask(n, A, "alias.azienda.example")[1], [b"\xc0\x00\x02\x01"], "an alias is followed")
    t.is_(ask(n, A, "loop.azienda.example")[1], [], "a ring of aliases ends")
    t.is_(ask(n, TXT, "mail.azienda.example")[:2], (OK, []), "name without that type: ok, nothing")
    t.is_(ask(n, A, "none.azienda.example")[0], NXDOMAIN, "no such name")
    t.is_(ask(n, A, "www.iana.org")[0], NXDOMAIN, "nothing is asked of the network")
    t.is_(ask(n, A, "x.broken.example")[0], SERVFAIL, "$servfail, with all below")
    t.is_(ask(n, TXT, "slow.example")[0], TIMEOUT, "$timeout")
    t.is_(ask(n, A, "a" * 64 + ".example")[0], NXDOMAIN, "a label of 64 bytes cannot exist")
    t.is_(ask(n, A, "a..example")[0], NXDOMAIN, "nor an empty one")


def many(r):
    for i in range(1, 201):
        r.net.send("DNS_QUERY", struct.pack(">H", A) + vstr("mail.azienda.example"), id=10000 + i)
    got = {r.net.recv()[1] for _ in range(200)}
    t.is_(got, set(range(10001, 10201)), "two hundred questions at once are all answered, by id")


def bad_input(r):
    r.net.send("DNS_QUERY", b"\0", id=1)
    r.net.send("DNS_QUERY", struct.pack(">H", A) + vstr(b"a\0b"), id=2)
    r.net.send("DNS_QUERY", struct.pack(">H", A) + vstr(b"x" * 400), id=3)
    r.net.last = 20000
    t.is_(ask(r.net, A, "mail.azienda.example")[0], OK, "malformed questions are dropped, the next is answered")
    r.jobs.sock.send(b"\0\1\xff\xff")
    t.is_(r.jobs.recv()[0], None, "a peer with bad framing loses its channel")
    t.is_(ask(r.net, A, "mail.azienda.example")[0], OK, "the other peer does not notice")
    r.new_peer("jobs")
    t.is_(ask(r.jobs, A, "mail.azienda.example")[0], OK, "a new channel serves again")


def name_server(sock):
    """Answers every A question with 192.0.2.9, every other with an empty answer."""
    while True:
        try:
            q, peer = sock.recvfrom(1500)
        except OSError:
            return
        end = q.index(b"\0", 12) + 5
        found = q[end - 4:end - 2] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x09" if found else b""
        sock.sendto(q[:2] + b"\x81\x80\0\1" + struct.pack(">H", found) + b"\0\0\0\0" + q[12:end] + answer, peer)


def forwarded(d):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    threading.Thread(target=name_server, args=(sock,), daemon=True).start()
    with Role("dns", {"state": d, "dns.servers": f"127.0.0.1:{sock.getsockname()[1]}"}) as r:
        r.ready()
        t.is_(ask(r.net, A, "mail.fornitore.example")[:2], (OK, [b"\xc0\0\2\x09"]), "dns.servers is asked, from inside the sandbox")
        t.is_(ask(r.net, TXT, "mail.fornitore.example")[:2], (OK, []), "an empty answer")
    sock.close()


def main():
    with tempfile.TemporaryDirectory() as d:
        zone = os.path.join(d, "zone")
        with open(zone, "w") as f:
            f.write(ZONE)
        with Role("dns", {"state": d, "dns.test_zone": zone}, peers=("net", "jobs")) as r:
            layers = r.ready()
            t.ok(layers and "seccomp=on" in layers, "ready, with its sandbox layers", layers)
            answers(r)
            many(r)
            bad_input(r)
            t.is_(r.stop(), 0, "STOP ends it with 0")
        forwarded(d)
        with open(zone, "a") as f:
            f.write("this is no record\n")
        with Role("dns", {"state": d, "dns.test_zone": zone}) as r:
            t.is_(r.wait_end(), 78, "a zone with a wrong line does not start")
        t.ok("this is no record" in r.stderr, "and the line is named", r.stderr)
        with Role("dns", {"state": d, "dns.test_zone": "/nonexistent"}) as r:
            t.is_(r.wait_end(), 78, "nor does a missing one")
    return t.done()


sys.exit(main())
