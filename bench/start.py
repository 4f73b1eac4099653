#!/usr/bin/env python3
"""Starts: with 10,000 firms of 10 mailboxes; and again after kill -9, of net alone and of everything, with a large cell and mail flowing in. BENCH_FIRMS (10000),
BENCH_GB of packs (1; 10 with BENCH_FULL=1), BENCH_RUNS runs (3)."""
import os, shutil, signal, socket, subprocess, time
from figures import BUILD, RUNS, Figure, Server, command, main, median, memory, number, quiet, say, spread, tree

FIRMS, BOXES, SIZE = int(os.environ.get("BENCH_FIRMS", "10000")), 10, 20480
GB = float(os.environ.get("BENCH_GB") or ("10" if os.environ.get("BENCH_FULL") == "1" else "1"))
START_TARGET_S, RSS_TARGET_MB, NET_TARGET_S, ALL_TARGET_S = 2, 1024, 1, 2
GIVE_UP_S = 60


def fill(s, *args):
    """As the owner of the state, so that every file is his."""
    owner = os.stat(s.state).st_uid
    begun = time.monotonic()
    command("fill_bench", "--state", s.state, "--boxes", BOXES, *args, user=owner if os.geteuid() == 0 else None,
            group=os.stat(s.state).st_gid if os.geteuid() == 0 else None, extra_groups=[] if os.geteuid() == 0 else None)
    say(f"filled with {' '.join(map(str, args))} in {time.monotonic() - begun:.0f} s")


def greeted(s):
    """True once a new connection is greeted with 220."""
    begun = time.monotonic()
    while time.monotonic() - begun < GIVE_UP_S:
        try:
            with socket.create_connection(("127.0.0.1", s.smtp_port), timeout=GIVE_UP_S) as c:
                if c.recv(512).startswith(b"220"):
                    return True
        except OSError:
            time.sleep(0.005)
    return False


def kept(s, tag):
    """Seconds until a message is answered 250."""
    begun = time.monotonic()
    while time.monotonic() - begun < GIVE_UP_S:
        try:
            if s.send(f"From: a@cliente.example\r\nSubject: {tag}\r\nMessage-ID: <{tag}@cliente.example>\r\n\r\n{tag}\r\n".encode(), to="p1@f0.example")[0] == 250:
                return time.monotonic() - begun
        except OSError:  # smtplib's own errors are OSErrors too
            time.sleep(0.005)
    return None


def flow(s, tag):
    """Mail that is on its way when the kill comes: the log and the packs end in the middle of something."""
    return subprocess.Popen([os.path.join(BUILD, "bench/load_bench"), "--port", str(s.smtp_port), "--rcpt", "p%d@f0.example", "--users", str(BOXES - 1),
                             "--sessions", "10", "--size", str(SIZE), "--count", "100000", "--tag", tag], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def forget(state):
    """The files of the state leave the page cache: the disk answers, as after a boot."""
    os.sync()
    for folder, _, names in os.walk(state):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                fd = os.open(path, os.O_RDONLY)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(fd)


def starts(s):
    took, rss, pss = [], [], []
    for _ in range(RUNS):
        quiet("start")
        forget(s.state)
        begun = time.monotonic()
        s.start(wait=GIVE_UP_S)
        took.append(time.monotonic() - begun)
        if kept(s, f"start{len(took)}") is None:
            raise RuntimeError("no message is accepted after the start")
        pids = tree([s.process.pid])
        rss.append(sum(memory(p, "Rss") for p in pids) / 1048576)
        pss.append(sum(memory(p, "Pss") for p in pids) / 1048576)
        s.stop()
    return [Figure(f"start with {FIRMS:,} firms x {BOXES} mailboxes", median(took), "s", START_TARGET_S, note=spread(took) + " until ready, its files not cached"),
            Figure(f"start with {FIRMS:,} firms: RSS of all roles", median(rss), "MB", RSS_TARGET_MB, note=f"PSS {number(median(pss))} MB")]


def kill_net(s, run):
    client = flow(s, f"net{run}")
    time.sleep(2.5)
    (pid,) = s.roles()["net"]
    begun = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    client.kill()
    client.wait()
    while os.path.exists(f"/proc/{pid}") and s.roles().get("net") == [pid]:
        time.sleep(0.001)
    a = greeted(s) and time.monotonic() - begun
    b = kept(s, f"net{run}") is not None and time.monotonic() - begun
    if not a or not b:
        raise RuntimeError(f"net did not come back\n{s.logged()[-2000:]}")
    return a, b


def kill_all(s, run):
    client = flow(s, f"all{run}")
    time.sleep(2.5)
    pids = list(tree([s.process.pid]))
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    client.kill()
    client.wait()
    s.process.wait()
    while any(os.path.exists(f"/proc/{p}") for p in pids):
        time.sleep(0.001)
    begun = time.monotonic()
    s.start(wait=GIVE_UP_S)
    ready = time.monotonic() - begun
    return ready, kept(s, f"all{run}")


def restarts(s):
    net, net_kept, all_, all_kept = [], [], [], []
    s.start(wait=GIVE_UP_S)
    for run in range(RUNS):
        quiet("kill")
        a, b = kill_net(s, run)
        net.append(a)
        net_kept.append(b)
        ready, b = kill_all(s, run)
        all_.append(ready)
        all_kept.append(None if b is None else ready + b)
    code = s.stop(wait=60)
    begun = time.monotonic()
    p = subprocess.run([os.path.join(BUILD, "sigillo"), "verify", "--state", s.state], capture_output=True, text=True, timeout=3600)
    took = time.monotonic() - begun
    sound = f"verify finds it sound ({number(took)} s)" if p.returncode == 0 else f"VERIFY: exit {p.returncode}"
    if code != 0 or p.returncode != 0:
        say(f"exit {code}; verify: {p.returncode}\n{p.stdout[-800:]}{p.stderr[-800:]}")
    cell = f"{packs_gb(s):.1f} GB of packs"
    return [Figure(f"kill -9 of net, {cell}: greets again", median(net), "s", NET_TARGET_S, note=f"{spread(net)}; first 250 after {number(median(net_kept))} s"),
            Figure(f"kill -9 of everything, {cell}: ready again", median(all_), "s", ALL_TARGET_S,
                   note=f"{spread(all_)}; first 250 after {number(median(all_kept))} s; then {sound}")]


def packs_gb(s):
    d = os.path.join(s.state, "cells/1/packs")
    return sum(os.path.getsize(os.path.join(d, f)) for f in os.listdir(d)) / 1e9


def measure():
    s = Server(sets=["log.level=warn"])
    try:
        need = GB * 1e9 * 1.3 + 2e9
        if shutil.disk_usage(s.root).free < need:
            raise RuntimeError(f"{need / 1e9:.0f} GB are needed below {s.root}")
        fill(s, "--firms", FIRMS)
        out = starts(s)
        fill(s, "--messages", int(GB * 1e9 / SIZE))
        return out + restarts(s)
    finally:
        s.__exit__()


if __name__ == "__main__":
    main(measure)
