#!/usr/bin/env python3
"""The thin road: 2 KB messages by SMTP at 10 and 50 sessions until the index queue is empty. Rate, final reply, CPU of all roles, syncs a message; Postfix and
Dovecot in the same run. BENCH_COUNT messages (6000), BENCH_RUNS runs (3)."""
import os, shutil, signal, sqlite3, subprocess, tempfile, time
from figures import RUNS, Figure, Others, Server, calm, command, cpu_by_role, main, median, number, quiet, say, spread, tree
from peers import Peers, missing

COUNT, SIZE, USERS = int(os.environ.get("BENCH_COUNT", "6000")), 2048, 20
CPU_TARGET_MS, SYNC_TARGET, REPLY_TARGET_MS = 0.7, 0.3, 30
QUEUE_WAIT_S, STILL_S = 120, 0.6


def load(port, rcpt, sessions, count, tag):
    return command("load_bench", "--port", port, "--rcpt", rcpt, "--users", USERS, "--sessions", sessions, "--size", SIZE, "--count", count, "--tag", tag)


def queue_empty(s):
    """The index follows by itself: its queue is empty when jobs has used no CPU for STILL_S."""
    end = time.monotonic() + QUEUE_WAIT_S
    pids = s.roles()["jobs"]
    last, since = -1, time.monotonic()
    while time.monotonic() < end:
        now = sum(tree(pids).values())
        if now > last + 0.015:  # its timers are not work
            last, since = now, time.monotonic()
        elif time.monotonic() - since > STILL_S:
            return
        time.sleep(0.05)
    say("the index queue did not empty")


def our_run(s, sessions, tag):
    quiet(f"{sessions} sessions")
    before = cpu_by_role(s)
    with Others() as others:
        r = load(s.smtp_port, "u%d@azienda.example", sessions, COUNT, tag)
        queue_empty(s)
    after = cpu_by_role(s)
    r["roles"] = {k: (after[k] - before.get(k, 0)) * 1000 / COUNT for k in after}
    r["cpu_ms"] = sum(r["roles"].values())
    r["others"] = others.cpus((r["cpu_ms"] / 1000 + r["client_cpu_us"] / 1e6) * COUNT)
    return r


def peer_run(p, sessions, tag):
    quiet(f"peers, {sessions} sessions")
    before, kept, begun = p.cpu(), p.kept(), time.monotonic()
    with Others() as others:
        r = load(p.port, p.rcpt, sessions, COUNT, tag)
        p.drain()
    r["per_second"] = COUNT / (time.monotonic() - begun)  # theirs counts when it is in the mailbox; ours is there at the reply
    r["cpu_ms"] = (p.cpu() - before) * 1000 / COUNT
    r["others"] = others.cpus((r["cpu_ms"] / 1000 + r["client_cpu_us"] / 1e6) * COUNT)
    if p.kept() - kept != COUNT:
        say(f"the peers kept {p.kept() - kept} of {COUNT}")
    return r


def syncs(roots, send):
    """fsync and fdatasync calls of the processes while send() runs; None where neither perf nor strace can count."""
    pids = ",".join(str(p) for p in tree(roots))
    with tempfile.NamedTemporaryFile("r") as out:
        if shutil.which("perf"):
            argv = ["perf", "stat", "-x,", "-o", out.name, "-e", "syscalls:sys_enter_fsync,syscalls:sys_enter_fdatasync", "-p", pids]
        elif shutil.which("strace"):
            argv = ["strace", "-f", "-c", "-U", "calls,name", "-e", "trace=fsync,fdatasync", "-o", out.name, *(f"-p{p}" for p in pids.split(","))]
        else:
            return None
        counter = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        send()
        counter.send_signal(signal.SIGINT)
        counter.wait()
        total = 0
        for line in out.read().splitlines():
            first = line.replace(",", " ").split()
            if "sync" in line and first and first[0].isdigit():
                total += int(first[0])
        return total


def people(s):
    for i in range(1, USERS + 1):
        s.cli("user", "add", f"u{i}@azienda.example", "--state", s.state, "--name", f"Persona {i}", "--password-stdin", stdin="correct horse battery")


def messages_of(s):
    """Accepted transactions in the cell's own rows: nothing may be missing and nothing twice."""
    path = os.path.join(s.state, "cells/1/cell.db")
    copy = tempfile.mkdtemp()
    try:
        for end in ("", "-wal"):
            if os.path.exists(path + end):
                shutil.copy(path + end, os.path.join(copy, "cell.db" + end))
        with sqlite3.connect(os.path.join(copy, "cell.db")) as db:
            return db.execute("SELECT count(*) FROM message").fetchone()[0]
    finally:
        shutil.rmtree(copy)


def ours():
    out = {10: [], 50: []}
    server = Server()
    people(server)
    server.sets.append("log.level=warn")
    with server as s:
        load(s.smtp_port, "u%d@azienda.example", 10, 500, "warm")
        queue_empty(s)
        for run in range(RUNS):
            for sessions in out:
                out[sessions].append(our_run(s, sessions, f"r{run}.{sessions}"))
        per_message = syncs([s.process.pid], lambda: (load(s.smtp_port, "u%d@azienda.example", 50, COUNT, "sync"), queue_empty(s)))
        sent = 500 + 2 * RUNS * COUNT + (COUNT if per_message is not None else 0)
        if s.stop(wait=60) != 0:
            raise RuntimeError(f"the server did not end well\n{s.logged()[-2000:]}")
        if messages_of(s) != sent:
            raise RuntimeError(f"{sent} messages were answered 250, {messages_of(s)} are kept")
    return out, None if per_message is None else per_message / COUNT


def theirs():
    out = {10: [], 50: []}
    with Peers() as p:
        load(p.port, p.rcpt, 10, 300, "warm")
        p.drain()
        for run in range(RUNS):
            for sessions in out:
                out[sessions].append(peer_run(p, sessions, f"r{run}.{sessions}"))
        per_message = syncs(p.pids, lambda: (load(p.port, p.rcpt, 50, COUNT, "sync"), p.drain()))
    return out, None if per_message is None else per_message / COUNT


def undisturbed(by_sessions):
    return {n: calm(runs) for n, runs in by_sessions.items()}


def pick(runs, key):
    return median([r[key] for r in runs])


def roles_note(runs):
    names = sorted(runs[0]["roles"], key=lambda k: -pick([r["roles"] for r in runs], k))
    return ", ".join(f"{k} {median([r['roles'][k] for r in runs]):.2f}" for k in names)


def measure():
    mine, my_syncs = ours()
    mine = undisturbed(mine)
    why = missing()
    peer, peer_syncs = (None, None) if why else theirs()
    peer = peer and undisturbed(peer)
    if why:
        say(f"Postfix + Dovecot are left out: {why}")

    def beside(sessions, key, value):
        notes = [spread([r[key] for r in mine[sessions]])]
        if peer and value:
            p = pick(peer[sessions], key)
            notes.append(f"Postfix + Dovecot {number(p)}, ours is {number(value / p)} times that")
        return "; ".join(n for n in notes if n)

    out = []
    for n in (10, 50):
        rate, ms, p50, p99 = (pick(mine[n], k) for k in ("per_second", "cpu_ms", "p50_ms", "p99_ms"))
        out += [Figure(f"road, {n} sessions, 2 KB: rate", rate, "messages/s", note=beside(n, "per_second", rate) + f"; others kept {pick(mine[n], 'others'):.1f} CPUs busy"),
                Figure(f"road, {n} sessions: CPU of all roles", ms, "ms/message", CPU_TARGET_MS if n == 10 else None,
                       note=beside(n, "cpu_ms", ms) + f"; {roles_note(mine[n])}"),
                Figure(f"road, {n} sessions: final reply, p50", p50, "ms", note=beside(n, "p50_ms", p50)),
                Figure(f"road, {n} sessions: final reply, p99", p99, "ms", REPLY_TARGET_MS if n == 10 else None, note=beside(n, "p99_ms", p99))]
    note = "neither perf nor strace is here" if my_syncs is None else f"Postfix + Dovecot {peer_syncs:.2f}, ours is {number(my_syncs / peer_syncs)} times that" if peer_syncs else ""
    return out + [Figure("road, 50 sessions: fsync + fdatasync", my_syncs, "/message", SYNC_TARGET, note=note)]


if __name__ == "__main__":
    main(measure)
