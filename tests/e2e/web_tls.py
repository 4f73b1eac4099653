#!/usr/bin/env python3
"""https: the self-signed certificate, a real one (elliptic curve, then RSA) that is taken up without a restart, old protocols, log-in over TLS from a name."""
import http.client, json, os, socket, ssl, subprocess, sys, time
from sigillo import Server, Tap, PASSWORD, free_port

t = Tap()
PORT = free_port()
NAME = "mail.azienda.example"


def make(s, kind, name="web", host=None):
    """A certificate for the host (NAME) and its key, as certbot would put them there."""
    host = host or NAME
    folder = os.path.join(s.state, "keys", "tls")
    owner = os.stat(os.path.join(s.state, "keys"))
    os.makedirs(folder, exist_ok=True)
    key, pem = os.path.join(s.root, "k"), os.path.join(s.root, "c")
    new = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else [f"rsa:{kind}"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *new, "-nodes", "-keyout", key, "-out", pem, "-days", "30", "-subj", f"/CN={kind if host == NAME else host}",
                    "-addext", f"subjectAltName=DNS:{host}"], check=True, capture_output=True)
    for src, dst in ((key, f"{name}.key"), (pem, f"{name}.pem")):
        dst = os.path.join(folder, dst)
        os.chmod(src, 0o600)
        os.chown(src, owner.st_uid, owner.st_gid)
        os.replace(src, dst)
    os.chown(folder, owner.st_uid, owner.st_gid)


def context(version=None, ciphers=None):
    c = ssl.create_default_context()
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if version:
        c.minimum_version = c.maximum_version = version
    if ciphers:
        c.set_ciphers(ciphers)
    return c


def subject(ctx=None, host=NAME):
    """(common name, protocol, ALPN) of the server's certificate, or the error."""
    ctx = ctx or context()
    ctx.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with socket.create_connection(("127.0.0.1", PORT), timeout=60) as raw, ctx.wrap_socket(raw, server_hostname=host) as c:
            der = c.getpeercert(True)
            p = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject"], input=der, capture_output=True)
            c.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b""
            while got := c.recv(65536):
                answer += got
            return p.stdout.decode().split("CN = ")[-1].strip(), c.version(), c.selected_alpn_protocol(), answer
    except (ssl.SSLError, OSError) as e:
        return str(e), None, None, b""


def until(want, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = subject()
        if got[0] == want:
            return got
        time.sleep(0.5)
    return got


with Server(sets=(f"http.tls_listen=127.0.0.1:{PORT}", f"http.origin=https://{NAME}")) as s:
    name, version, alpn, answer = subject()
    t.ok(version == "TLSv1.3" and b" 200 OK" in answer, "https with the self-signed certificate", (name, version, answer))
    t.is_(alpn, "http/1.1", "of h2 and http/1.1 it takes http/1.1")
    t.ok(b"Strict-Transport-Security: max-age=31536000" in answer, "HSTS")
    pid = s.roles()["net"]
    before = socket.create_connection(("127.0.0.1", PORT))
    kept = context().wrap_socket(before)
    for kind in ("ec", "2048", "3072", "4096"):
        make(s, kind)
        got = until(kind)
        t.ok(got[0] == kind and b" 200 OK" in got[3], f"a new certificate ({kind}) without a restart", got)
        for v in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            got = subject(context(v))
            t.ok(got[0] == kind and b" 200 OK" in got[3], f"{kind} by {v.name}", got)
    t.is_(s.roles()["net"], pid, "it is the same process")
    kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    t.ok(b" 200 OK" in kept.recv(4096), "a connection from before goes on")
    kept.close()
    make(s, "ec", "other", "posta.altra.example")
    make(s, "2048", "third", "*.terza.example")
    time.sleep(6)
    t.is_(subject(host="posta.altra.example")[0], "posta.altra.example", "another firm's name gets its own certificate")
    t.is_(subject(host="POSTA.Altra.Example")[0], "posta.altra.example", "in any case of letters")
    t.is_(subject(host="mail.terza.example")[0], "*.terza.example", "by wildcard")
    t.is_(subject(host="nobody.example")[0], "4096", "an unknown name gets the one of the origin")
    for i in range(200):
        subject(host=f"n{i}.example")
    t.is_(subject()[0], "4096", "after two hundred made-up names")
    # a broken file does not take away what serves
    with open(os.path.join(s.state, "keys/tls/web.pem"), "wb") as f:
        f.write(b"not a certificate")
    time.sleep(6)
    t.is_(subject()[0], "4096", "a damaged file: the certificate read before goes on")
    t.ok(subject(context(ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384:@SECLEVEL=0"))[1] is None, "no RSA key exchange")
    p = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input=b"", capture_output=True)
    t.ok(p.returncode != 0, "no TLS 1.1", p.stdout[-300:])
    c = http.client.HTTPSConnection("127.0.0.1", PORT, context=context(), timeout=120)
    c.request("POST", "/api/login", json.dumps({"address": s.user, "password": PASSWORD}), {"Host": NAME, "Content-Type": "application/json"})
    r = c.getresponse()
    r.read()
    cookie = r.getheader("Set-Cookie") or ""
    t.ok(r.status == 200 and cookie.startswith("__Host-sigillo=") and "; Secure" in cookie, "log-in by https: a cookie that belongs to this host alone", (r.status, cookie))
    c.request("GET", "/api/me", headers={"Host": NAME, "Cookie": cookie.split(";")[0]})
    r = c.getresponse()
    t.is_((r.status, json.loads(r.read())["address"]), (200, s.user), "and back")
    plain = socket.create_connection(("127.0.0.1", PORT), timeout=60)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try:
        got = plain.recv(100)
    except OSError:
        got = b""
    t.ok(b"HTTP/" not in got, "plain text to the TLS port gets no answer")
    os.kill(s.roles()["keys"][0], 9)
    time.sleep(2.5)
    t.ok(subject()[1] == "TLSv1.3", "after the keys role died https is back")
sys.exit(t.done())
