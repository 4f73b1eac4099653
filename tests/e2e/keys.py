#!/usr/bin/env python3
"""The role keys: certificates, signatures, sealed values, and that it refuses whatever its table does not permit."""
import os, shutil, struct, subprocess, sys, tempfile, time
from role_fd import Read, Role, vstr
from sigillo import Tap

t = Tap()
REFUSED, STALE, NO_CERT, WRONG_KEY, DAMAGED, FAILED = range(1, 7)


def result(got):
    kind, body, _ = got
    return ("error", Read(body).num("I")) if kind == "KEY_ERROR" else (kind, body)


def tls(ch, name=""):
    r = Read(ch.ask("KEY_TLS", vstr(name))[1])
    return r.vstr(), r.num("I")


def sign(ch, handle, digest=bytes(32)):
    kind, body = result(ch.ask("KEY_SIGN", struct.pack(">I", handle) + vstr(digest)))
    return Read(body).vstr() if kind == "KEY_SIGN" else (kind, body)


def value(ch, kind, purpose, data):
    got, body = result(ch.ask(kind, vstr(purpose) + vstr(data)))
    return Read(body).vstr() if got == kind else (got, body)


def openssl(*args, **kw):
    return subprocess.run(["openssl", *args], capture_output=True, **kw)


def verified(d, chain, digest, sig):
    files = {n: os.path.join(d, n) for n in ("c.pem", "p.pem", "digest", "sig")}
    for n, data in (("c.pem", chain), ("digest", digest), ("sig", sig)):
        with open(files[n], "wb") as f:
            f.write(data)
    with open(files["p.pem"], "wb") as f:
        f.write(openssl("x509", "-in", files["c.pem"], "-noout", "-pubkey").stdout)
    return openssl("pkeyutl", "-verify", "-pubin", "-inkey", files["p.pem"], "-in", files["digest"], "-sigfile", files["sig"]).returncode == 0


def certificate(folder, name, host, curve="prime256v1", kind=("ec",)):
    os.makedirs(folder, exist_ok=True)
    new = ["-newkey", f"rsa:{kind[1]}"] if kind[0] == "rsa" else ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
    openssl("req", "-x509", *new, "-nodes", "-days", "30", "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-keyout",
            f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", check=True)


def self_signed(d, state):
    with Role("keys", {"state": state}, peers=("net", "jobs")) as r:
        layers = r.ready()
        t.ok(layers and "seccomp=on" in layers and "landlock=" in layers, "ready, with its sandbox layers", layers)
        for f in ("master", "tls-selfsigned.key"):
            t.is_(os.stat(f"{state}/keys/{f}").st_mode & 0o777, 0o600, f"keys/{f} is for the owner only")
        chain, handle = tls(r.net)
        t.ok(chain.startswith(b"-----BEGIN CERTIFICATE") and b"PRIVATE" not in chain, "there is a certificate without its key")
        digest = os.urandom(32)
        t.ok(verified(d, chain, digest, sign(r.net, handle, digest)), "its signature verifies with openssl")
        t.is_(sign(r.jobs, handle), ("error", REFUSED), "jobs may not sign")
        t.is_(sign(r.net, handle ^ 1), ("error", STALE), "a handle that was not given")
        t.is_(sign_nothing(r), None, "a signature of nothing costs the channel")
        t.is_(result(r.jobs.ask("KEY_TLS", vstr("")))[1], REFUSED, "jobs gets no certificate")
        r.new_peer("net")
        t.is_(sign(r.net, handle), ("error", STALE), "a new channel begins without handles")
        t.is_(tls(r.net)[1], handle, "the handle of a certificate stays the same")
        t.is_(r.stop(), 0, "STOP ends it with 0")
    with Role("keys", {"state": state}) as r:
        r.ready()
        t.is_(tls(r.net), (chain, handle), "so it does after a restart")


def sign_nothing(r):
    r.net.send("KEY_SIGN", struct.pack(">I", 1) + vstr(b""), id=99)
    return r.net.recv()[0]


def sealing(state):
    with Role("keys", {"state": state}, peers=("net", "jobs")) as r:
        r.ready()
        sealed = value(r.net, "KEY_SEAL", "webhook", b"the secret")
        t.ok(isinstance(sealed, bytes) and b"secret" not in sealed and len(sealed) == 10 + 45, "sealed", sealed)
        t.ok(value(r.net, "KEY_SEAL", "webhook", b"the secret") != sealed, "twice the same is not the same")
        t.is_(value(r.jobs, "KEY_UNSEAL", "webhook", sealed), b"the secret", "jobs opens it")
        t.is_(value(r.net, "KEY_UNSEAL", "webhook", sealed), ("error", REFUSED), "net may seal, not open")
        t.is_(value(r.jobs, "KEY_UNSEAL", "totp", sealed), ("error", REFUSED), "no one may open that kind")
        t.is_(value(r.jobs, "KEY_UNSEAL", "s3", sealed), ("error", DAMAGED), "not for another purpose")
        bad = [value(r.jobs, "KEY_UNSEAL", "webhook", sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1:]) for i in range(len(sealed))]
        t.ok(all(b in (("error", DAMAGED), ("error", WRONG_KEY)) for b in bad), "every flipped byte is seen", bad)
        cut = [value(r.jobs, "KEY_UNSEAL", "webhook", sealed[:i]) for i in range(len(sealed))]
        t.ok(all(b == ("error", DAMAGED) for b in cut), "and every cut", cut)
        t.is_(result(r.net.ask("SCAN_JOB", b""))[1], REFUSED, "a message for another role")
        big = os.urandom(60000)
        t.is_(value(r.jobs, "KEY_UNSEAL", "webhook", value(r.net, "KEY_SEAL", "webhook", big)), big, "60 KB")
    other = state + ".other"
    os.makedirs(other + "/keys", exist_ok=True)
    with Role("keys", {"state": other}, peers=("net", "jobs")) as r:
        r.ready()
        t.is_(value(r.jobs, "KEY_UNSEAL", "webhook", sealed), ("error", WRONG_KEY), "another state's master key does not open it, and that is what it says")


def real_certificates(d, state):
    folder = f"{state}/keys/tls"
    certificate(folder, "mail", "mail.azienda.example")
    certificate(folder, "other", "*.altra.example", "secp384r1")
    certificate(folder, "rsa", "rsa.example", kind=("rsa", 3072))
    certificate(folder, "weak", "weak.example", kind=("rsa", 1024))
    shutil.copy(f"{folder}/mail.pem", f"{folder}/nokey.pem")
    with Role("keys", {"state": state}) as r:
        r.ready()
        chain, handle = tls(r.net, "mail.azienda.example")
        t.is_(chain, open(f"{folder}/mail.pem", "rb").read(), "the certificate that names the server")
        other, other_handle = tls(r.net, "smtp.altra.example")
        t.is_(other, open(f"{folder}/other.pem", "rb").read(), "by wildcard")
        digest = os.urandom(48)
        t.ok(verified(d, other, digest, sign(r.net, other_handle, digest)), "P-384 signs too")
        rsa, rsa_handle = tls(r.net, "rsa.example")
        t.is_(rsa, open(f"{folder}/rsa.pem", "rb").read(), "an RSA certificate")
        t.is_(len(sign(r.net, rsa_handle, b"\1" + digest)), 384, "signs a digest")
        t.is_(len(sign(r.net, rsa_handle, b"\2\0" + os.urandom(383))), 384, "and a padded block")
        for bad in (digest, b"\1" + digest[:20], b"\2" + os.urandom(100), b"\3" + digest):
            t.is_(sign(r.net, rsa_handle, bad), ("error", FAILED), f"not {len(bad)} bytes of anything else")
        t.ok(tls(r.net, "weak.example")[0] == chain, "no weak RSA, no certificate without key: the first that serves")
        certificate(folder, "mail", "mail.azienda.example")
        fresh, end = chain, time.monotonic() + 90
        while fresh == chain and time.monotonic() < end:
            time.sleep(0.5)
            fresh, new = tls(r.net, "mail.azienda.example")
        t.is_(fresh, open(f"{folder}/mail.pem", "rb").read(), "a renewed certificate is taken up without a restart")
        digest = os.urandom(32)
        t.ok(verified(d, chain, digest, sign(r.net, handle, digest)), "handshakes begun with the old one are still signed")
        os.unlink(f"{folder}/mail.key")
        time.sleep(6)
        t.is_(tls(r.net, "mail.azienda.example")[0], fresh, "a key that vanished does not take the certificate away")
    t.ok("nor RSA of 2048 to 4096 bits" in r.stderr, "the weak RSA key is named in the log with its cure", r.stderr)


def damaged_master(state):
    with open(f"{state}/keys/master", "r+") as f:
        text = f.read()
        f.seek(text.rindex(" ") - 1)
        f.write("0" if text[text.rindex(" ") - 1] != "0" else "1")
    with Role("keys", {"state": state}) as r:
        t.is_(r.wait_end(), 78, "a damaged master file does not start")
    t.ok("recovery sheet" in r.stderr, "and says what to do", r.stderr)
    os.chmod(f"{state}/keys/master", 0o644)
    with Role("keys", {"state": state}) as r:
        t.is_(r.wait_end(), 78, "nor does one that others can read")
    t.ok("chmod 600" in r.stderr, "and says what to do", r.stderr)


def main():
    with tempfile.TemporaryDirectory() as d:
        state = f"{d}/state"
        os.makedirs(f"{state}/keys", mode=0o700)
        self_signed(d, state)
        sealing(state)
        real_certificates(d, state)
        damaged_master(state)
    return t.done()


sys.exit(main())
