#!/usr/bin/env python3
"""Life of the server's processes: start, restart of each role, end, and every way in which a start must be refused with a clear sentence."""
import os, signal, smtplib, socket, ssl, stat, subprocess, sys, time
from sigillo import BINARY, Server, Tap, free_port

t = Tap()
MAIL = b"From: Uno <uno@cliente.example>\r\nSubject: vita\r\n\r\nuna\r\n"
ROLES = ["net", "scan", "dns", "keys", "jobs"]
IDLE_PSS_KB = 80 * 1024


def wait_for(what, wait=60, step=0.01):
    end = time.monotonic() + wait
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(step)
    return None


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def status(pid, field):
    with open(f"/proc/{pid}/status") as f:
        return next(line.split(":", 1)[1].strip() for line in f if line.startswith(field + ":"))


def greets(s):
    try:
        with s.smtp(timeout=60) as c:
            return c.noop()[0] == 250
    except OSError:
        return False


def handshake(s):
    """TLS with the certificate and the signature that only the role keys can give."""
    ctx = ssl.create_default_context()
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    try:
        with s.smtp(timeout=60) as c:
            c.ehlo()
            return c.starttls(context=ctx)[0] == 220 and c.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def pss(processes):
    """KB"""
    return sum(int(line.split()[1]) for p in processes for line in open(f"/proc/{p}/smaps_rollup") if line.startswith("Pss:"))


def pids(s):
    return {role: p[0] for role, p in s.roles().items()}


def shape(s):
    roles = pids(s)
    t.is_(sorted(roles), sorted(ROLES), "every role runs once")
    owner = os.stat(s.state).st_uid
    t.ok(owner != 0 and all(status(p, "Uid").split() == [str(owner)] * 4 for p in roles.values()), "as the owner of the state folder, for good")
    t.ok(all(status(p, "NoNewPrivs") == "1" and status(p, "Seccomp") == "2" and int(status(p, "CapEff"), 16) == 0 for p in roles.values()),
         "without privileges, under seccomp")
    sup = s.process.pid
    t.ok(status(sup, "Seccomp") == "2" and int(status(sup, "CapEff"), 16) & ~0xe0 == 0, "the supervisor keeps only what starting roles needs")
    t.ok(not any(n.startswith("SUPER") for p in roles.values() for n in environment(p)), "the caller's environment does not reach roles")
    t.is_(os.readlink(f"/proc/{roles['net']}/fd/0"), "/dev/null", "nor its input")
    mode = os.stat(os.path.join(s.state, "control.sock"))
    t.ok(stat.S_ISSOCK(mode.st_mode) and mode.st_mode & 0o777 == 0o600 and mode.st_uid == owner, "the control socket is the owner's alone")
    wait_for(lambda: pss([sup, *roles.values()]) <= IDLE_PSS_KB)  # a start hashes a password nobody has: 64 MB for a moment
    at_rest = pss([sup, *roles.values()])
    t.ok(at_rest <= IDLE_PSS_KB, f"all processes together: {at_rest / 1024:.1f} MB of PSS (at most 80)")


def environment(pid):
    with open(f"/proc/{pid}/environ") as f:
        return [v.split("=")[0] for v in f.read().split("\0") if v]


def restarts(s):
    for role in ROLES:
        before = pids(s)
        if role == "net":
            time.sleep(1.1)  # a role that served for a second is started again without a pause
        os.kill(before[role], signal.SIGKILL)
        begin = time.monotonic()
        good = wait_for(lambda: greets(s))
        took = time.monotonic() - begin
        back = wait_for(lambda: pids(s).get(role, before[role]) != before[role])
        code, text = s.send(MAIL + role.encode() + b"\r\n")
        t.ok(good and back and code == 250, f"{role} killed: it is back, and mail is accepted ({took * 1000:.0f} ms)", (took, code, text))
        if role == "net":
            t.ok(took < 20, "net accepts again soon")
        if role == "keys":
            t.ok(wait_for(lambda: handshake(s)), "STARTTLS works with the new keys")
        after = pids(s)
        t.ok(all(after[r] == before[r] for r in ROLES if r != role), f"no other role minds that {role} was killed", (before, after))
    # one after the other without a rest: back-off must not make the server deaf
    for _ in range(4):
        os.kill(pids(s)["net"], signal.SIGKILL)
        wait_for(lambda: greets(s))
    t.ok(greets(s), "four kills of net in a row")
    t.ok(s.send(MAIL + b"dopo\r\n")[0] == 250, "and mail is accepted")


def backlog(s):
    """A connection made while net is dead waits in the backlog and is served by its successor."""
    os.kill(pids(s)["net"], signal.SIGKILL)
    c = socket.create_connection(("127.0.0.1", s.smtp_port), timeout=60)
    t.ok(c.recv(100).startswith(b"220"), "a connection made while net was dead is served")
    c.close()


def stopped_role(s):
    pid = pids(s)["scan"]
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)
    time.sleep(0.2)
    t.is_(pids(s)["scan"], pid, "a stray SIGTERM or SIGINT does not end a role")


def second(s):
    p = subprocess.run([BINARY, "serve", "--state", s.state, "--set", f"smtp.listen=127.0.0.1:{free_port()}"], capture_output=True, text=True, timeout=120)
    t.ok(p.returncode == 1 and f"another server (process {s.process.pid}) already serves" in p.stderr, "a second server on one state is refused", p.stderr)
    t.ok(greets(s), "the first does not notice")


def ends(s):
    roles = pids(s)
    begin = time.monotonic()
    t.is_(s.stop(), 0, "SIGTERM ends it with 0")
    t.ok(time.monotonic() - begin < 40, "by itself")
    t.ok(not any(alive(p) for p in roles.values()), "and no role is left")
    s.start()
    roles = pids(s)
    _ = s.send(MAIL + b"altra\r\n")  # so that there is a worker too
    os.kill(s.process.pid, signal.SIGKILL)
    t.ok(wait_for(lambda: not any(alive(p) for p in roles.values())), "roles die with the supervisor")
    s.process.wait()
    begin = time.monotonic()
    s.start()
    t.ok(greets(s), f"everything killed: serving again in {time.monotonic() - begin:.2f} s")
    os.kill(pids(s)["jobs"], signal.SIGSTOP)
    s.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    s.process.send_signal(signal.SIGTERM)
    try:
        code = s.process.wait(60)
    except subprocess.TimeoutExpired:
        code = None
    t.ok(code not in (0, None), "a role that hangs does not keep it from ending at the second SIGTERM", code)
    s.process = None


def serve(state, *sets, user=None, env=None):
    args = [BINARY, "serve", "--state", state] + [w for v in sets for w in ("--set", v)]
    demote = (lambda: (os.setgroups([]), os.setgid(user), os.setuid(user))) if user else None
    try:
        return subprocess.run(args, capture_output=True, text=True, timeout=90, preexec_fn=demote, env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as e:
        return subprocess.CompletedProcess(args, None, "", (e.stderr or b"").decode())


def refused(name, p, *words):
    t.ok(p.returncode in (1, 2) and all(w in p.stderr for w in words), name, f"exit {p.returncode}\n{p.stderr}")


def refusals(s):
    """The server is down. Every one of these must leave the state as it is."""
    free = [f"smtp.listen=127.0.0.1:{s.smtp_port}", f"http.listen=127.0.0.1:{s.http_port}"]
    refused("no state folder", serve(s.state + ".none"), "sigillo init")
    refused("a file for a folder", serve(BINARY), "not a folder")
    refused("an unknown key", serve(s.state, "smtp.lisen=127.0.0.1:1"), "smtp.lisen")
    refused("an address that is none", serve(s.state, "smtp.listen=mail.example:25"), "smtp.listen")
    refused("an address of another machine", serve(s.state, "smtp.listen=192.0.2.77:2525", free[1]), "192.0.2.77:2525", "not an address of this machine")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused("a port that is taken", serve(s.state, f"smtp.listen=127.0.0.1:{taken.getsockname()[1]}", free[1]), "another program already listens")
    with open(os.path.join(s.state, "sigillo.conf"), "w") as f:
        f.write("[smtp]\nlisten = 127.0.0.1:2525\nlisten = 127.0.0.1:2526\n")
    refused("a doubled key in sigillo.conf", serve(s.state), "sigillo.conf", "smtp.listen")
    os.unlink(os.path.join(s.state, "sigillo.conf"))
    keys = os.path.join(s.state, "keys/master")
    os.chmod(keys, 0o644)
    p = serve(s.state, *free)
    refused("a master key that others can read", p, "chmod 600", "start.failed")
    os.chmod(keys, 0o600)
    if os.geteuid() != 0:
        t.skip("folders of other users", "not root")
        return
    uid, gid = os.stat(s.state).st_uid, os.stat(s.state).st_gid
    os.chown(s.state, 0, 0)
    refused("a folder of root", serve(s.state, *free), "belongs to root", "chown")
    os.chown(s.state, uid, gid)
    if readable_by(54321):
        refused("another user's folder, not as root", serve(s.state, *free, user=54321), "belongs to user")
    else:
        t.skip("another user's folder, not as root", "the build lies where other users cannot enter")
    os.chmod(s.root, 0o700)
    refused("a folder above that the owner cannot enter", serve(s.state, *free), "cannot enter", f"chmod o+x {s.root}")
    os.chmod(s.root, 0o755)
    os.chmod(s.state, 0o500)
    refused("a folder the owner cannot write", serve(s.state, *free), "chmod u+rwx")
    os.chmod(s.state, 0o700)
    s.start()
    t.ok(s.send(MAIL + b"fine\r\n")[0] == 250, "after all of that it starts and serves")
    s.stop()


def readable_by(uid):
    return subprocess.run(["test", "-x", BINARY], preexec_fn=lambda: (os.setgroups([]), os.setgid(uid), os.setuid(uid))).returncode == 0


def without_root(s):
    """The owner starts his server himself: nothing is given up, all roles are his."""
    uid = os.stat(s.state).st_uid
    if os.geteuid() != 0 or not readable_by(uid):
        t.skip("a start without root", "not root, or the build lies where the owner cannot enter")
        return
    p = subprocess.Popen([BINARY, "serve", "--state", s.state, "--set", f"smtp.listen=127.0.0.1:{s.smtp_port}", "--set", f"http.listen=127.0.0.1:{s.http_port}"],
                         stderr=subprocess.DEVNULL, preexec_fn=lambda: (os.setgroups([]), os.setgid(os.stat(s.state).st_gid), os.setuid(uid)))
    t.ok(wait_for(lambda: greets(s)), "a start without root serves")
    p.terminate()
    t.is_(p.wait(90), 0, "and ends with 0")


def links(s):
    """Root must not be led out of the folder by what its owner put there."""
    if os.geteuid() != 0:
        t.skip("links in the state folder", "not root")
        return
    prey = os.path.join(s.root, "prey")
    with open(prey, "w") as f:
        f.write("root's")
    os.chmod(prey, 0o600)
    lock = os.path.join(s.state, "supervisor.lock")
    os.rename(lock, lock + ".old")
    os.symlink(prey, lock)
    p = serve(s.state, f"smtp.listen=127.0.0.1:{s.smtp_port}", f"http.listen=127.0.0.1:{s.http_port}")
    t.ok(p.returncode == 1 and open(prey).read() == "root's", "a link in place of the lock is not followed", p.stderr)
    os.unlink(lock)
    conf = os.path.join(s.state, "sigillo.conf")
    os.symlink(prey, conf)
    p = serve(s.state)
    t.ok(p.returncode == 1 and "root's" not in p.stderr, "nor is a file read that its owner could not read", p.stderr)
    os.unlink(conf)


def main():
    s = Server(env={"SUPER_SECRET": "x"})
    try:
        s.start()
        shape(s)
        restarts(s)
        backlog(s)
        stopped_role(s)
        second(s)
        ends(s)
        refusals(s)
        without_root(s)
        links(s)
    finally:
        s.__exit__()
    return t.done()


sys.exit(main())
