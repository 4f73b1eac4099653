#!/usr/bin/env python3
"""The panel in a real browser: with made-up mail through every state of its pages (a stand-in server, in parts that go side by side), and against
the real server with the demo mails. Arguments name the parts to run: server, looks, states, frame, hostile."""
import glob, os, re, subprocess, sys, threading
from concurrent.futures import ThreadPoolExecutor
from sigillo import SOURCE, Server, PASSWORD

RUN = os.path.join(SOURCE, "tests/e2e/panel/run")
AT_ONCE = 2
LEAST = {"server": 120, "frame": 200, "states": 110, "looks": 170, "hostile": 11}  # checks that a part has at least
STAND_IN = ["frame", "states", "looks", "hostile"]  # the long ones first, so that the last ones fill the gaps
count = failed = 0
printing = threading.Lock()


def browser(name, env, least):
    """Passes the TAP lines on under one numbering."""
    global count, failed
    try:
        p = subprocess.run([RUN], env={**os.environ, **env}, capture_output=True, text=True, timeout=840)
        out, err, code = p.stdout, p.stderr, p.returncode
    except subprocess.TimeoutExpired as e:
        out, err, code = (e.stdout or b"").decode(), (e.stderr or b"").decode(), -1
    with printing:
        seen = 0
        for line in out.splitlines():
            m = re.match(r"(ok|not ok) \d+ - (.*)", line)
            if m:
                count, seen = count + 1, seen + 1
                failed += m.group(1) != "ok"
                print(f"{m.group(1)} {count} - {name}: {m.group(2)}", flush=True)
            elif line.startswith("#"):
                print(line)
        count += 1
        good = seen >= least and code == 0
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {name}: the browser test ran to its end")
        if not good:
            print("# " + (out[-2000:] + err[-2000:]).replace("\n", "\n# "))


def against_server():
    server = Server()
    server.cli("counterparty", "add", "rossimarmi.example", "--state", server.state, "--name", "Rossi Marmi S.r.l.", "--iban", "IT60X0542811101000000123456")
    with server as s:
        samples = [os.path.join(SOURCE, "tests/data/mail", name) for name in ("html.eml", "files.eml")]
        for path in sorted(glob.glob(os.path.join(SOURCE, "demo/*.eml"))) + samples:
            with open(path, "rb") as f:
                s.send(re.sub(rb"\r?\n", b"\r\n", f.read()))
        browser("server", {"SIGILLO_URL": f"http://127.0.0.1:{s.http_port}", "SIGILLO_ADDRESS": s.user, "SIGILLO_PASSWORD": PASSWORD,
                           "SIGILLO_SMTP": str(s.smtp_port)}, LEAST["server"])


parts = sys.argv[1:] or ["server", *STAND_IN]
os.environ.pop("SIGILLO_URL", None)
with ThreadPoolExecutor(AT_ONCE) as pool:
    jobs = [pool.submit(against_server) if part == "server" else pool.submit(browser, part, {"SIGILLO_PART": part}, LEAST.get(part, 1)) for part in parts]
    for job in jobs:
        job.result()
print(f"1..{count}")
sys.exit(1 if failed else 0)
