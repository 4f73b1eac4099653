#!/usr/bin/env python3
"""Log-ins over PostgreSQL: two machines know the same sessions; while the database is away, and just after, the answer is a clear 503, never a log-out and never
"too many log-ins"."""
import concurrent.futures, http.client, json, os, shutil, subprocess, sys, time
from sigillo import Server, Tap, PASSWORD, SOURCE

t = Tap()
PG = os.path.join(SOURCE, "tools/pg_temp")


def pg(*words):
    return subprocess.run([PG, *words], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


def ask(s, method, path, body=None, cookie=None):
    """(status, type of the problem, cookie)"""
    c = http.client.HTTPConnection("127.0.0.1", s.http_port, timeout=120)
    h = {"Cookie": cookie} if cookie else {}
    if body is not None:
        h |= {"Content-Type": "application/json", "X-Sigillo": "1", "Origin": f"http://127.0.0.1:{s.http_port}"}
    try:
        c.request(method, path, json.dumps(body) if body is not None else None, h)
        r = c.getresponse()
        data = r.read()
    finally:
        c.close()
    try:
        kind = json.loads(data).get("type")
    except ValueError:
        kind = None
    return r.status, kind, (r.getheader("Set-Cookie") or "").split(";")[0]


def login(s, password=PASSWORD, cookie=None):
    return ask(s, "POST", "/api/login", {"address": s.user, "password": password}, cookie)


url = pg("start")
folder = url.split("host=")[1].split("&")[0]
subprocess.run(["chmod", "755", folder], check=True)
try:
    sets = ("db.engine=postgresql", f"db.url={url}")
    with Server(sets=sets) as s:
        # a second machine: its own packs folder, the same database and keys
        other = Server(sets=sets, init=False)
        shutil.copytree(s.state, other.state, ignore=lambda _, names: [n for n in names if n in ("control.sock", "supervisor.lock", "tmp")])
        st = os.stat(s.state)
        for d, _, files in os.walk(other.state):
            for name in [d, *(os.path.join(d, f) for f in files)]:
                os.chown(name, st.st_uid, st.st_gid, follow_symlinks=False)
        two = True
        try:
            other.start()
        except RuntimeError as e:
            two = False
            t.skip("a second machine", str(e)[-200:].replace("\n", " "))
        status, _, cookie = login(s)
        t.is_(status, 200, "log-in")
        t.is_(ask(s, "GET", "/api/me", cookie=cookie)[0], 200, "who am I")
        if two:
            t.is_(ask(other, "GET", "/api/me", cookie=cookie)[0], 200, "on the other machine too")
            _, _, second = login(other)
            t.is_(ask(s, "GET", "/api/me", cookie=second)[0], 200, "and the other way round")
            ask(other, "POST", "/api/logout", {}, second)
            t.is_(ask(other, "GET", "/api/me", cookie=second)[0], 401, "log-out there")
            time.sleep(2.2)
            t.is_(ask(s, "GET", "/api/me", cookie=second)[0], 401, "is one here within two seconds")
            other.stop()
        shutil.rmtree(other.root, ignore_errors=True)
        pg("kill", folder)
        time.sleep(2.5)
        got = {ask(s, "GET", "/api/me", cookie=cookie)[:2] for _ in range(5)}
        t.is_(got, {(503, "unavailable")}, "without its database: 503, not logged out")
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            got = {x[:2] for x in pool.map(lambda i: login(s, "some other" if i % 2 else PASSWORD), range(200))}
        t.is_(got, {(503, "unavailable")}, "two hundred log-ins at once meanwhile: 503 that says so")
        pg("restart", folder)
        end, seen, ok = time.monotonic() + 180, set(), False
        while time.monotonic() < end and not ok:
            x = login(s)
            ok = x[0] == 200
            seen |= set() if ok else {x[:2]}
            time.sleep(0.1)
        t.ok(ok, "log-in works again after the database is back")
        t.ok(seen <= {(503, "unavailable")}, "until then 503, never 401 or 429", seen)
        t.is_(ask(s, "GET", "/api/me", cookie=cookie)[0], 200, "the session of before is still there")
        t.is_(login(s, "wrong one")[0], 401, "a wrong password is wrong")
finally:
    pg("stop", folder)
sys.exit(t.done())
