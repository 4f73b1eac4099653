#!/usr/bin/env python3
"""The panel in a real browser: first with made-up mail and every state of its pages ("stand-in"), then against the real server
with the demo mails ("server"). Arguments name the parts to run."""
import glob, os, re, subprocess, sys
from sigillo import SOURCE, Server, PASSWORD

RUN = os.path.join(SOURCE, "tests/e2e/panel/run")
count = failed = 0


def browser(name, env):
    """Passes the TAP lines on under one numbering."""
    global count, failed
    p = subprocess.run([RUN], env={**os.environ, **env}, capture_output=True, text=True, timeout=840)
    seen = 0
    for line in p.stdout.splitlines():
        m = re.match(r"(ok|not ok) \d+ - (.*)", line)
        if m:
            count, seen = count + 1, seen + 1
            failed += m.group(1) != "ok"
            print(f"{m.group(1)} {count} - {name}: {m.group(2)}", flush=True)
        elif line.startswith("#"):
            print(line)
    count += 1
    good = seen > 80 and (p.returncode == 0)
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}: the browser test ran to its end")
    if not good:
        print("# " + (p.stdout[-2000:] + p.stderr[-2000:]).replace("\n", "\n# "))


def against_server():
    server = Server()
    server.cli("counterparty", "add", "rossimarmi.example", "--state", server.state, "--name", "Rossi Marmi S.r.l.", "--iban", "IT60X0542811101000000123456")
    with server as s:
        samples = [os.path.join(SOURCE, "tests/data/mail", name) for name in ("html.eml", "files.eml")]
        for path in sorted(glob.glob(os.path.join(SOURCE, "demo/*.eml"))) + samples:
            with open(path, "rb") as f:
                s.send(re.sub(rb"\r?\n", b"\r\n", f.read()))
        browser("server", {"SIGILLO_URL": f"http://127.0.0.1:{s.http_port}", "SIGILLO_ADDRESS": s.user, "SIGILLO_PASSWORD": PASSWORD,
                           "SIGILLO_SMTP": str(s.smtp_port)})


parts = sys.argv[1:] or ["stand-in", "server"]
os.environ.pop("SIGILLO_URL", None)
if "stand-in" in parts:
    browser("stand-in", {})
if "server" in parts:
    against_server()
print(f"1..{count}")
sys.exit(1 if failed else 0)
