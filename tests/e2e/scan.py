#!/usr/bin/env python3
"""The role scan: the zygote and its sealed workers, what they answer, how they end, and that facts are the same with and without the sandbox."""
import glob, os, signal, socket, struct, subprocess, sys, tempfile, time
from role_fd import Channel, Read, Role, vstr
from sigillo import BUILD, SOURCE, Tap

t = Tap()
INLINE, DONE, TOO_LARGE = 96 * 1024, 0, 1
MAIL = b"From: Anna <anna@rossimarmi.example>\r\nTo: info@azienda.example\r\nSubject: prova\r\n\r\nCiao, IBAN IT60X0542811101000000123456.\r\n"


def worker(ch, org=1):
    """(number, channel) or (0, None)."""
    kind, body, fds = ch.ask("SCAN_WORKER", struct.pack(">Q", org))
    assert kind == "SCAN_WORKER", kind
    number = Read(body).num("I")
    return number, Channel(socket.socket(fileno=fds[0])) if fds else None


def next_worker(ch, wait=20):
    """As worker(), once the one before it is out of the table: its channel ends a moment earlier than its process."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        got = worker(ch)
        if got[0]:
            return got
        time.sleep(0.02)
    return worker(ch)


def job(ch, data, fd=None, size=None):
    ch.last += 1
    body = struct.pack(">QI", len(data) if size is None else size, 0) + vstr(b"" if fd is not None else data)
    ch.send("SCAN_JOB", body, [fd] if fd is not None else [], ch.last)


def facts(ch, wait=30):
    """(status, structure, insight), or None when the worker is gone."""
    kind, _, body, fds = ch.recv(wait)
    if kind is None:
        return None
    r = Read(body)
    status = r.num("I")
    if not fds:
        return status, r.vstr(), r.vstr()
    a, b = r.num("I"), r.num("I")
    with os.fdopen(fds[0], "rb") as f:
        f.seek(0)  # the writer left its offset at the end
        data = f.read()
    return status, data[:a], data[a:a + b]


def memfd(data):
    fd = os.memfd_create("mail", os.MFD_CLOEXEC)
    os.write(fd, data)
    return fd


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


def gone(pid, wait=60):
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if pid not in children(ZYGOTE):
            return True
        time.sleep(0.02)
    return False


def ordinary(r):
    number, w = worker(r.net)
    t.ok(number > 0 and w, "a worker comes with its channel")
    job(w, MAIL)
    first = facts(w)
    t.ok(first[0] == DONE and b"IT60X0542811101000000123456" in first[2], "a small mail is read", first)
    job(w, MAIL, memfd(MAIL))
    t.is_(facts(w), first, "the same from a file")
    big = MAIL + b"x" * 70 + b"\r\n" + (b"parola " * 9 + b"\r\n") * 60000
    job(w, big, memfd(big))
    got = facts(w)
    t.ok(got and got[0] == DONE and len(got[1]) + len(got[2]) > INLINE, "facts too large for a message come by descriptor", got and [len(x) for x in got[1:]])
    job(w, b"")
    t.is_(facts(w)[0], DONE, "an empty mail is no trouble")
    for i in range(4, 64):
        job(w, MAIL)
        assert facts(w) == first, i
    t.ok(w.recv()[0] is None, "after 64 messages the worker ends")


def sealed(r):
    _, w = worker(r.net)
    time.sleep(0.2)  # the worker before is reaped
    (pid,) = children(ZYGOTE)
    job(w, MAIL)
    facts(w)
    with open(f"/proc/{pid}/status") as f:
        status = f.read()
    t.ok("\nSeccomp:\t2" in status and "\nNoNewPrivs:\t1" in status, "it runs under seccomp")
    fds = {n: os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
    t.ok(set(fds) == {"0", "1", "2", "3"} and fds["3"].startswith("socket:"), "it holds its channel and nothing else of ours", fds)
    with open(f"/proc/{pid}/limits") as f:
        limits = f.read()
    if "AddressSanitizer" in LAYERS:
        t.skip("its memory is capped at 512 MB", "AddressSanitizer reserves terabytes")
        return
    t.ok("536870912" in limits.split("Max address space")[1].split("\n")[0], "its memory is capped at 512 MB", limits)


def ends(r):
    number, w = next_worker(r.net)
    pid = max(children(ZYGOTE))
    r.net.send("SCAN_KILL", struct.pack(">I", number))
    t.ok(w.recv()[0] is None and gone(pid), "SCAN_KILL ends it")
    _, w = next_worker(r.net)
    job(w, MAIL, memfd(MAIL), size=len(MAIL) + 1)
    t.is_(facts(w), None, "a job that lies about its size ends the worker")
    _, w = next_worker(r.net)
    w.send("WAKE", b"", id=1)
    t.is_(facts(w), None, "so does a message that is no job")
    number, w = next_worker(r.jobs)
    r.net.send("SCAN_KILL", struct.pack(">I", number))
    job(w, MAIL)
    t.is_(facts(w)[0], DONE, "one peer cannot end the other's workers")
    os.kill(max(children(ZYGOTE)), signal.SIGSEGV)
    t.is_(facts(w), None, "a crash is seen as the end of its channel")


def limits(r):
    held = [worker(r.net) for _ in range(3)]
    t.is_([bool(n) for n, _ in held], [True, True, False], "scan.workers is the most at once")
    t.ok(worker(r.jobs)[0] > 0, "each peer has its own")
    held[0][1].close()
    time.sleep(0.2)
    t.ok(worker(r.net)[0] > 0, "an ended one makes room")
    r.net.close()
    time.sleep(0.3)
    t.ok(len(children(ZYGOTE)) <= 1, "workers die with the peer that asked for them", children(ZYGOTE))
    r.new_peer("net")
    t.ok(worker(r.net)[0] > 0, "a restarted peer is served again")
    r.jobs.sock.send(b"\0\1\xff\xff")
    t.ok(r.jobs.recv()[0] is None, "bad framing costs the peer its channel")
    t.ok(worker(r.net)[0] > 0, "and no one else anything")


def same_without_sandbox():
    data = os.environ.get("SIGILLO_DATA")
    own = sorted(glob.glob(os.path.join(SOURCE, "tests/data/**/*.eml"), recursive=True) + glob.glob(os.path.join(SOURCE, "demo/*.eml")))
    own += sorted(glob.glob(os.path.join(SOURCE, "fuzz/extract_message/*")))
    sets = {"our own mails": own}
    if data:
        sets["the corpus"] = sorted(os.path.join(d, f) for d, _, fs in os.walk(data) for f in fs if f.endswith((".eml", ".msg", ".mbox", ".txt")) or "." not in f)
    else:
        t.skip("facts of the corpus are the same with and without the sandbox", "SIGILLO_DATA is not set")
    for what, files in sets.items():
        runs = [subprocess.run([os.path.join(BUILD, "libexec/sigillo-scan"), "--facts", *mode, "-"], input="\n".join(files) + "\n", text=True,
                               capture_output=True, timeout=800).stdout.splitlines() for mode in ([], ["--unsealed"])]
        differ = [a for a, b in zip(*runs) if a != b]
        t.ok(len(runs[0]) == len(runs[1]) == len(files) and not differ, f"facts of {what} are the same with and without the sandbox ({len(files)} files)",
             "\n".join(differ[:10]))
        died = [a for a in runs[0] if a.endswith(" died")]
        t.ok(not died, f"no worker dies over {what}", "\n".join(died[:10]))


def main():
    global ZYGOTE, LAYERS
    with tempfile.TemporaryDirectory() as d, Role("scan", {"state": d, "scan.workers": "2"}, peers=("net", "jobs")) as r:
        ZYGOTE = r.process.pid
        LAYERS = layers = r.ready()
        t.ok(layers and "\nseccomp=on" in layers and "worker.seccomp=on" in layers, "ready, with its sandbox layers and its workers'", layers)
        ordinary(r)
        sealed(r)
        ends(r)
        limits(r)
        t.is_(r.stop(), 0, "STOP ends it with 0")
    same_without_sandbox()
    return t.done()


sys.exit(main())
