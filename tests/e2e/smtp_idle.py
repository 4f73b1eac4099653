#!/usr/bin/env python3
"""10,000 idle SMTP connections, each with a little past (a refused recipient, a reset), cost at most 10 KB of memory each, and mail goes on beside them."""
import resource, socket, sys, time
from sigillo import Server, Tap

WANTED, MOST = 10000, 10 * 1024
t = Tap()


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))


def ask(c, line):
    if line:
        c.sendall(line)
    got = b""
    while not (got.endswith(b"\n") and got.splitlines()[-1][3:4] == b" "):
        piece = c.recv(4096)
        if not piece:
            raise RuntimeError(f"connection ended: {got!r}")
        got += piece
    return int(got.splitlines()[-1][:3])


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
n = min(WANTED, hard - 500)
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 400, hard))
with Server(sets=[f"smtp.max_connections={n + 100}", "log.level=warn"]) as s:
    s.send(b"From: a@cliente.example\r\nSubject: warm\r\n\r\nx\r\n")
    time.sleep(1)
    net = s.roles()["net"][0]
    before, held, codes = pss(net), [], set()
    for i in range(n):
        c = socket.create_connection(("127.0.0.1", s.smtp_port), timeout=180)
        codes.add((ask(c, None), ask(c, b"EHLO idle.example\r\n"), ask(c, b"MAIL FROM:<a@cliente.example>\r\n"),
                   ask(c, b"RCPT TO:<nessuno@azienda.example>\r\n") if i % 10 == 0 else 550, ask(c, b"RSET\r\n")))
        held.append(c)
    t.is_(codes, {(220, 250, 250, 550, 250)}, f"{n} connections are served")
    time.sleep(3)
    each = (pss(net) - before) / n
    t.ok(each <= MOST, f"each costs {each:.0f} bytes, at most {MOST}", each)
    t.is_(s.send(b"From: a@cliente.example\r\nSubject: beside\r\n\r\nx\r\n")[0], 250, "mail goes on beside them")
    late = [ask(c, b"NOOP\r\n") for c in held[:: max(1, n // 100)]]
    t.ok(set(late) == {250}, "and they still are", late)
    for c in held:
        c.close()
sys.exit(t.done())
