#!/usr/bin/env python3
"""Log-ins that last: over a restart, until log-out, a new password or a restore; where the store is away nobody is logged out."""
import base64, http.client, json, os, signal, sys, time
from sigillo import Server, Tap, PASSWORD

t = Tap()


class Browser:
    def __init__(self, s):
        self.s, self.cookie = s, None

    def ask(self, method, path, body=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.s.http_port, timeout=120)
        h = {k.replace("_", "-"): v for k, v in headers.items()}
        if self.cookie:
            h["Cookie"] = self.cookie
        if body is not None:
            h |= {"Content-Type": "application/json", "X-Sigillo": "1", "Origin": f"http://127.0.0.1:{self.s.http_port}"}
        c.request(method, path, json.dumps(body) if body is not None else None, h)
        r = c.getresponse()
        data = r.read()
        if r.getheader("Set-Cookie"):
            self.cookie = r.getheader("Set-Cookie").split(";")[0]
        c.close()
        return r.status, data

    def login(self, password=PASSWORD):
        return self.ask("POST", "/api/login", {"address": self.s.user, "password": password})[0]

    def me(self):
        return self.ask("GET", "/api/me")[0]


def restart(s, sig=signal.SIGTERM):
    s.stop(sig)
    s.start()


with Server() as s:
    b, c = Browser(s), Browser(s)
    t.is_((b.login(), c.login()), (200, 200), "two browsers log in")
    restart(s)
    t.is_((b.me(), c.me()), (200, 200), "a restart logs nobody out")
    os.kill(s.roles()["net"][0], signal.SIGKILL)
    time.sleep(1.5)
    t.is_(b.me(), 200, "nor does the death of the role")
    restart(s, signal.SIGKILL)
    t.is_(b.me(), 200, "nor a kill of everything")
    old = c.cookie
    t.is_(c.ask("POST", "/api/logout", {})[0], 200, "log-out")
    c.cookie = old
    t.is_(c.me(), 401, "is over at once")
    restart(s)
    t.is_(c.me(), 401, "and stays over after a restart")
    t.is_(b.me(), 200, "the other browser is still there")
    s.verb("user", "password", s.user, "--password-stdin", "--state", s.state, stdin="un altro segreto")
    t.is_(b.me(), 401, "a new password ends every session")
    restart(s)
    t.is_(b.me(), 401, "for good")
    t.is_(b.login("un altro segreto"), 200, "the new password is good")
    s.stop()
    s.verb("user", "password", s.user, "--password-stdin", "--state", s.state, stdin=PASSWORD)
    s.start()
    t.is_(b.me(), 401, "a password changed while nobody served ends them too")
    t.is_(b.login(), 200, "log-in again")
    # wrong passwords are counted in the store: a restart, or the death of the process, is no new start for who guesses
    def wrong(address):
        return s.request("GET", "/api/me", headers={"Authorization": "Basic " + base64.b64encode(f"{address}:x".encode()).decode()}, auth=False)[0]

    t.is_([wrong("altro@azienda.example") for _ in range(8)], [401] * 8, "eight wrong passwords")
    restart(s)
    t.is_([wrong("altro@azienda.example") for _ in range(4)], [401, 401, 429, 429], "a restart, and two more: the eleventh is not even checked")
    os.kill(s.roles()["net"][0], signal.SIGKILL)
    time.sleep(1.5)
    t.is_((wrong("altro@azienda.example"), wrong("terzo@azienda.example"), b.me()), (429, 401, 200), "nor does the death of the role help; others are not held up")
    # a flood of cookies that we never made is refused without the store
    n, forged = 0, Browser(s)
    forged.cookie = "sigillo=" + "0" * 88
    for _ in range(200):
        n += forged.me() == 401
    t.is_(n, 200, "forged cookies are refused")
    cookie = b.cookie.split("=")[1]
    for where in ("packs", "cells", "directory"):
        found = [f for d, _, fs in os.walk(os.path.join(s.state, where)) for f in fs if cookie.encode() in open(os.path.join(d, f), "rb").read()]
        t.is_(found, [], f"the cookie itself stands nowhere in {where}")
    t.ok(cookie not in s.logged(), "nor in the log")
    # a restore begins a new epoch
    own = os.path.join(s.root, "own")  # verbs run as the owner of the state
    os.mkdir(own)
    owner = os.stat(s.state)
    if os.geteuid() == 0:
        os.chown(own, owner.st_uid, owner.st_gid)
    backup = os.path.join(own, "backup")
    p = s.verb("backup", "--state", s.state, "--to", backup, check=False)
    if p.returncode:
        t.skip("restore", p.stderr.strip()[:100])
    else:
        s.stop()
        fresh = os.path.join(own, "state2")
        p = s.verb("restore", "--state", fresh, "--from", backup, check=False)
        if p.returncode:
            t.skip("restore", (p.stdout + p.stderr).strip()[:200])
        else:
            for f in ("master",):
                src = os.path.join(s.state, "keys", f)
                os.makedirs(os.path.join(fresh, "keys"), exist_ok=True)
                data = open(src, "rb").read()
                dst = os.path.join(fresh, "keys", f)
                with open(dst, "wb") as out:
                    out.write(data)
                st = os.stat(src)
                os.chmod(dst, 0o600)
                os.chown(dst, st.st_uid, st.st_gid)
                os.chown(os.path.dirname(dst), st.st_uid, st.st_gid)
                os.chmod(os.path.dirname(dst), 0o700)
            s.state = fresh
            s.start()
            t.is_(b.me(), 401, "after a restore nobody is logged in")
            t.is_(b.login(), 200, "and can log in")
sys.exit(t.done())
