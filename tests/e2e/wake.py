#!/usr/bin/env python3
"""Who listens for changes is told of what another process commits (jobs; over PostgreSQL another net, another machine's too) long before the look that every
session takes by itself each 30 s: each case is over before that look could come."""
import os, shutil, signal, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from events import Events, served_by
from sigillo import PASSWORD, SOURCE, Server, Tap


class SharedTap(Tap):
    """Two engines report at the same time."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def ok(self, *args):
        with self.lock:
            return super().ok(*args)


t = SharedTap()
PG = os.path.join(SOURCE, "tools/pg_temp")
LOOK = 30
PATIENCE = 12  # seconds; the look comes no sooner than LOOK after the last change that was told


def pg(*words):
    return subprocess.run([PG, *words], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


def mail(name):
    return f"From: Nuovo <nuovo@cliente.example>\r\nTo: info@azienda.example\r\nMessage-ID: <{name}@cliente.example>\r\nSubject: {name}\r\n\r\nciao\r\n".encode()


def by_jobs(s, engine):
    """Held because nothing could read it in time, then released by jobs. A change that needs no reading is told first: the next look counts from it."""
    e = Events(s)
    s.jmap(("Mailbox/set", {"create": {"new": {"name": "Prova"}}}))
    t.ok(e.state(60), f"{engine}: told of a change")
    scan = s.roles()["scan"]
    for pid in scan:
        os.kill(pid, signal.SIGSTOP)
    t.is_(s.send(mail(f"tardi-{engine}"))[0], 250, f"{engine}: accepted unread")
    t.ok(e.state(60), f"{engine}: told that it is held")
    told = time.monotonic()
    for pid in scan:
        os.kill(pid, signal.SIGCONT)
    got, begin = None, None
    while time.monotonic() - told < LOOK - 2 and begin is None:
        if any(x["subject"] == f"tardi-{engine}" for x in s.emails(properties=["subject"])):
            begin = time.monotonic()
        time.sleep(0.05)
    left = LOOK - 1 - (time.monotonic() - told)
    got = e.state(max(0.1, min(PATIENCE, left))) if begin else None
    t.ok(begin and got, f"{engine}: told of the release by jobs, {time.monotonic() - told:.1f} s after the last change", f"committed after {begin and begin - told} s")
    e.close()


def one(s, unit, connect):
    """A connection to that process."""
    rest = []
    for _ in range(200):
        c = connect()
        if served_by(s, c.sock) == unit:
            for x in rest:
                x.close()
            return c
        rest.append(c)
    raise RuntimeError(f"no connection reaches {unit}")


def give(c, s, name):
    c.ehlo()
    c.mail("anna@rossimarmi.example")
    c.rcpt(s.user)
    return c.data(mail(name))[0]


def by_another_net(s):
    for here, there in (("net", "net2"), ("net2", "net")):
        e = one(s, here, lambda: Events(s))
        e.state(60)
        with one(s, there, s.smtp) as c:
            begin = time.monotonic()
            t.is_(give(c, s, f"da-{there}"), 250, f"{there} commits")
            t.ok(e.state(PATIENCE), f"who listens at {here} is told after {time.monotonic() - begin:.2f} s")
        e.close()


def by_another_machine(s, sets):
    other = Server(sets=sets, init=False)
    shutil.copytree(s.state, other.state, ignore=lambda _, names: [n for n in names if n in ("control.sock", "supervisor.lock", "tmp")])
    st = os.stat(s.state)
    for d, _, files in os.walk(other.state):
        for name in [d, *(os.path.join(d, f) for f in files)]:
            os.chown(name, st.st_uid, st.st_gid, follow_symlinks=False)
    try:
        other.start()
        e = Events(s)
        e.state(60)
        begin = time.monotonic()
        t.is_(other.send(mail("altra-macchina"))[0], 250, "another machine commits")
        t.ok(e.state(PATIENCE), f"told here after {time.monotonic() - begin:.2f} s")
        new = "another long password"
        other.verb("user", "password", s.user, "--state", other.state, "--password-stdin", stdin=new)
        t.ok(e.state(PATIENCE) is None and ended(e), "a new password set there ends the stream here")
        t.is_(s.request("GET", "/jmap/session")[0], 401, "and the old one's credentials are not remembered")
        other.verb("user", "password", s.user, "--state", other.state, "--password-stdin", stdin=PASSWORD)
    finally:
        other.stop()
        shutil.rmtree(other.root, ignore_errors=True)


def ended(e):
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            e.sock.settimeout(PATIENCE)
            if not e.sock.recv(65536):
                return True
        return False
    except ConnectionError:
        return True
    except TimeoutError:
        return False


url = pg("start")
folder = url.split("host=")[1].split("&")[0]
subprocess.run(["chmod", "755", folder], check=True)
try:
    sets = ("scan.timeout=1s", "db.engine=postgresql", f"db.url={url}", "net.processes=2")
    # Side by side: what nobody can read is accepted at the end of its 30 s only.
    with Server(sets=("scan.timeout=1s",)) as lite, Server(sets=sets) as server, ThreadPoolExecutor(2) as pool:
        # First: a worker that already reads for a firm would not be stopped.
        for job in [pool.submit(by_jobs, lite, "SQLite"), pool.submit(by_jobs, server, "PostgreSQL")]:
            job.result()
        by_another_net(server)
        by_another_machine(server, sets)
finally:
    pg("stop", folder)
sys.exit(t.done())
