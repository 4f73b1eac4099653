#!/usr/bin/env python3
"""Inbound with everything on: DKIM verified against a zone of the bench, 100,000 known addresses, the guard, the index. 2 KB messages and real ones (SIGILLO_DATA), 10
sessions; Postfix + Dovecot + Rspamd take the same real messages. BENCH_COUNT messages (6000), BENCH_RUNS runs (3)."""
import glob, os, shutil, sys, tempfile, time
from figures import RUNS, Figure, Others, Server, calm, command, cpu_by_role, main, median, quiet, say
from peers import Peers, missing
from road import people, pick, queue_empty, roles_note
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))
from auth import Signer  # noqa: E402

COUNT, KNOWN, SIGNED = int(os.environ.get("BENCH_COUNT", "6000")), 100000, 100
REAL = {"phish": 60, "spam": 30, "ham": 60, "bec_synth": 30, "mime": 20}
SMALL_MS, REAL_MS, TIMES = 1.0, 2.0, 6


def small_mail(folder):
    """2 KB each, signed by their author's domain: 19 of 20 from those that fill_bench made known, the rest from strangers. Returns the zone."""
    signer, zone = Signer(folder, "key"), []
    record = signer.record
    parts = " ".join(f'"{record[i:i + 200]}"' for i in range(0, len(record), 200))
    os.makedirs(os.path.join(folder, "small"))
    for i in range(SIGNED):
        n = i * 997 % KNOWN + (KNOWN if i % 20 == 0 else 0)
        domain = f"ditta{n * 7919 % 999983}x{n}.example"
        zone.append(f'sel._domainkey.{domain}. 300 IN TXT {parts}\n{domain}. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"\n_dmarc.{domain}. 300 IN TXT "v=DMARC1; p=reject"\n')
        head = (f"From: Persona Numero{n} <persona{n}@{domain}>\r\nTo: <info@azienda.example>\r\nSubject: Ordine {i}\r\nDate: Mon, 01 Jun 2026 09:00:00 +0000\r\n"
                f"Message-ID: <s{i:08}@{domain}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
        line = f"Buongiorno, confermiamo la consegna delle lastre dell'ordine {i} per martedi, cordiali saluti.\r\n"
        text = signer.sign(head + line * ((2048 - 700) // len(line)), domain)
        with open(os.path.join(folder, "small", f"{i}.eml"), "w", newline="") as f:
            f.write(text)
    return "".join(zone)


def real_mail(folder, data):
    os.makedirs(os.path.join(folder, "real"))
    total = n = 0
    for name, most in REAL.items():
        found = sorted(p for p in glob.glob(os.path.join(data, name, "**", "*"), recursive=True) if os.path.isfile(p) and not p.endswith(".tsv"))
        for p in found[::max(1, len(found) // most)][:most]:
            raw = open(p, "rb").read()
            if b"\r" in raw.replace(b"\r\n", b"") or b"\0" in raw:  # refused by us and by others
                continue
            shutil.copy(p, os.path.join(folder, "real", f"{n}.eml"))
            total, n = total + len(raw), n + 1
    return total / n / 1024


def as_owner(state):
    """Files that a bench program makes must be the server's."""
    st = os.stat(state)
    return {"user": st.st_uid, "group": st.st_gid} if os.geteuid() == 0 else {}


def load(port, rcpt, folder, count, tag):
    return command("load_bench", "--port", port, "--rcpt", rcpt, "--users", 20, "--sessions", 10, "--messages", folder, "--count", count, "--tag", tag)


def ours(s, folder, tag):
    quiet(tag)
    before = cpu_by_role(s)
    with Others() as others:
        begun = time.monotonic()
        r = load(s.smtp_port, "u%d@azienda.example", folder, COUNT, tag)
        queue_empty(s)
        took = time.monotonic() - begun
    after = cpu_by_role(s)
    r["roles"] = {k: (after[k] - before.get(k, 0)) * 1000 / COUNT for k in after}
    r["cpu_ms"], r["with_index"] = sum(r["roles"].values()), COUNT / took
    r["others"] = others.cpus((r["cpu_ms"] / 1000 + r["client_cpu_us"] / 1e6) * COUNT)
    return r


def theirs(folder):
    out = []
    with Peers(more=("redis", "rspamd")) as p:
        port, count = p.port + 1, COUNT // 4
        load(port, p.rcpt, folder, 200, "warm")
        p.drain()
        for run in range(RUNS):
            quiet("peers")
            before, begun = p.cpu(), time.monotonic()
            with Others() as others:
                r = load(port, p.rcpt, folder, count, f"p{run}")
                p.drain()
            r["per_second"], r["cpu_ms"] = count / (time.monotonic() - begun), (p.cpu() - before) * 1000 / count
            r["others"] = others.cpus((r["cpu_ms"] / 1000 + r["client_cpu_us"] / 1e6) * count)
            out.append(r)
    return calm(out)


def measure():
    data, folder = os.environ.get("SIGILLO_DATA"), tempfile.mkdtemp(prefix="sigillo-bench-mail-")
    try:
        os.chmod(folder, 0o755)
        zone = os.path.join(folder, "zone")
        with open(zone, "w") as f:
            f.write(small_mail(folder))
        kb = real_mail(folder, data) if data else 0
        server = Server()
        people(server)
        command("fill_bench", "--state", server.state, "--firms", 0, "--boxes", 1, "--known", KNOWN, "--of", server.user, **as_owner(server.state))
        server.sets += ["log.level=warn", f"dns.test_zone={zone}"]
        small, real = [], []
        with server as s:
            load(s.smtp_port, "u%d@azienda.example", os.path.join(folder, "small"), 500, "warm")
            queue_empty(s)
            for run in range(RUNS):
                small.append(ours(s, os.path.join(folder, "small"), f"s{run}"))
                if data:
                    real.append(ours(s, os.path.join(folder, "real"), f"r{run}"))
        small, real = calm(small), calm(real) if data else None
        why = missing() or (not data and "SIGILLO_DATA is not set") or ("" if shutil.which("rspamd") else "rspamd is not installed")
        peer = None if why else theirs(os.path.join(folder, "real"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    out = [Figure("inbound, all on: CPU of a 2 KB message, index included", pick(small, "cpu_ms"), "ms", SMALL_MS, note=f"{roles_note(small)}; {pick(small, 'per_second'):.0f}/s, p99 {pick(small, 'p99_ms'):.0f} ms")]
    if real:
        out.append(Figure(f"inbound, all on: CPU of a real message ({kb:.0f} KB)", pick(real, "cpu_ms"), "ms", REAL_MS, note=f"{roles_note(real)}; {pick(real, 'per_second'):.0f}/s, with the index {pick(real, 'with_index'):.0f}/s"))
    times = pick(real, "with_index") / pick(peer, "per_second") if peer else None
    out.append(Figure("inbound, all on: rate against Postfix + Dovecot + Rspamd", times, "times", TIMES, at_most=False,
                      note=why or f"theirs {pick(peer, 'per_second'):.0f}/s, {pick(peer, 'cpu_ms'):.1f} ms"))
    return out


if __name__ == "__main__":
    main(measure)
