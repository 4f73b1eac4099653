#!/usr/bin/env python3
"""HTTP as a stranger, a browser and a program meet it: framing, log-in, forged requests, limits, the panel's files, health, stop."""
import base64, gzip, json, os, re, socket, sys, time
from sigillo import Server, Tap, PASSWORD

t = Tap()


class Raw:
    def __init__(self, s):
        self.s = socket.create_connection(("127.0.0.1", s.http_port), timeout=120)
        self.host = f"Host: 127.0.0.1:{s.http_port}\r\n".encode()
        self.buf = b""

    def send(self, head, body=b""):
        self.s.sendall(head + b"\r\n" + self.host + b"\r\n" + body)

    def answer(self, head_only=False):
        """(status, headers, body); (0, {}, b"") at the end of the stream."""
        while b"\r\n\r\n" not in self.buf:
            try:
                got = self.s.recv(65536)
            except (ConnectionResetError, TimeoutError):
                got = b""
            if not got:
                return 0, {}, b""
            self.buf += got
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        n = 0 if head_only else int(headers.get("content-length", 0))
        while len(self.buf) < n:
            self.buf += self.s.recv(65536)
        body, self.buf = self.buf[:n], self.buf[n:]
        return int(lines[0].split()[1]), headers, body

    def ask(self, head, body=b""):
        self.send(head, body)
        return self.answer(head.startswith(b"HEAD"))

    def over(self):
        try:
            return self.s.recv(1) == b""
        except OSError:
            return True


def raw(s, data):
    c = Raw(s)
    c.s.sendall(data.replace(b"HOST", c.host.rstrip()))
    return c


def framing(s):
    for name, text, want in (
        ("TE and CL together", b"POST /api/login HTTP/1.1\r\nHOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("two Content-Lengths", b"POST /api/login HTTP/1.1\r\nHOST\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("a signed Content-Length", b"POST /api/login HTTP/1.1\r\nHOST\r\nContent-Length: +5\r\n\r\nhello", 400),
        ("an unknown coding", b"POST /api/login HTTP/1.1\r\nHOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("a folded field", b"GET / HTTP/1.1\r\nHOST\r\nX-A: b\r\n c\r\n\r\n", 400),
        ("a space before the colon", b"GET / HTTP/1.1\r\nHOST\r\nX-A : b\r\n\r\n", 400),
        ("bare LF", b"GET / HTTP/1.1\nHOST\n\n", 400),
        ("NUL in a field", b"GET / HTTP/1.1\r\nHOST\r\nX-A: \0\r\n\r\n", 400),
        ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", b"GET / HTTP/1.1\r\nHOST\r\nHOST\r\n\r\n", 400),
        ("absolute target", b"GET http://127.0.0.1/ HTTP/1.1\r\nHOST\r\n\r\n", 400),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("an unknown method", b"BREW / HTTP/1.1\r\nHOST\r\n\r\n", 501),
        ("a head over 16 KB", b"GET / HTTP/1.1\r\nHOST\r\nX-A: " + b"a" * 17000 + b"\r\n\r\n", 431),
        ("a target over 8000 bytes", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHOST\r\n\r\n", 414),
        ("a host that is not ours (DNS rebinding)", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    ):
        c = raw(s, text)
        t.ok(c.answer()[0] == want and c.over(), f"{name}: {want} and the end of the connection")
    c = Raw(s)
    c.s.sendall(b"GET /healthz HTTP/1.1\r\n" + c.host + b"\r\n" + b"GET /healthz HTTP/1.1\r\n" + c.host + b"\r\n")
    t.is_([c.answer()[0], c.answer()[0]], [200, 200], "two requests at once are answered in turn")
    for byte in b"GET /healthz HTTP/1.1\r\n" + c.host + b"\r\n":
        c.s.sendall(bytes([byte]))
    t.is_(c.answer()[0], 200, "a request byte by byte on the same connection")
    status, headers, body = c.ask(b"HEAD /healthz HTTP/1.1")
    t.ok(status == 200 and headers["content-length"] == "3" and body == b"", "HEAD has the length and no body")


def panel(s):
    c = Raw(s)
    status, h, body = c.ask(b"GET / HTTP/1.1")
    nonce = re.search(r"style-src 'self' 'nonce-([0-9a-f]{32})'", h["content-security-policy"])
    t.ok(status == 200 and nonce, "the page has a CSP with a nonce", h)
    t.ok(b"__CSP_NONCE__" not in body, "the mark is replaced")
    if b'name="csp-nonce"' in body:
        t.ok(f'content="{nonce.group(1)}"'.encode() in body, "the page carries the same nonce")
    t.ok("default-src 'none'" in h["content-security-policy"] and "frame-ancestors 'none'" in h["content-security-policy"], "nothing is allowed by default")
    second = c.ask(b"GET / HTTP/1.1")[1]["content-security-policy"]
    t.ok(second != h["content-security-policy"], "the nonce is new in every answer")
    t.is_((h["x-content-type-options"], h["x-frame-options"], h["referrer-policy"], h["cache-control"]), ("nosniff", "DENY", "no-referrer", "no-store"), "security headers")
    t.is_(c.ask(b"GET /posta/in-arrivo/abc HTTP/1.1")[0], 200, "a page of the panel's own routes")
    t.is_(c.ask(b"GET /nothing.js HTTP/1.1")[0], 404, "an absent file: 404")
    t.is_(c.ask(b"GET /api/nothing HTTP/1.1")[0], 404, "an absent API: 404")
    asset = re.search(rb'src="(/assets/[^"]+\.js)"', body)
    if not asset:
        t.skip("assets", "the panel is not built")
        return
    status, h, gz = c.ask(b"GET " + asset.group(1) + b" HTTP/1.1\r\nAccept-Encoding: gzip")
    t.ok(status == 200 and h["content-encoding"] == "gzip" and "immutable" in h["cache-control"], "an asset is gzip and kept for ever", h)
    status, h2, plain = c.ask(b"GET " + asset.group(1) + b" HTTP/1.1")
    t.ok("content-encoding" not in h2 and gzip.decompress(gz) == plain, "the same without gzip")
    t.is_(c.ask(b"GET " + asset.group(1) + b" HTTP/1.1\r\nIf-None-Match: " + h["etag"].encode())[0], 304, "304 for the ETag")


def login(s):
    c = Raw(s)
    js = b"\r\nContent-Type: application/json"
    ours = f"http://127.0.0.1:{s.http_port}".encode()

    def post(path, body, extra=b"", kind=js):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return c.ask(b"POST " + path + b" HTTP/1.1" + kind + b"\r\nContent-Length: %d" % len(data) + extra, data)

    t.is_(c.ask(b"GET /api/me HTTP/1.1")[0], 401, "nobody is logged in: 401")
    status, _, body = post(b"/api/login", {"address": s.user, "password": "wrong"})
    known = time.monotonic()
    t.ok(status == 401 and "title_it" in json.loads(body), "a wrong password: 401 with words", body)
    post(b"/api/login", {"address": s.user, "password": "wrong2"})
    middle = time.monotonic()
    status, _, same = post(b"/api/login", {"address": "nobody@azienda.example", "password": "wrong"})
    unknown = time.monotonic() - middle
    t.ok(status == 401 and same == body, "an unknown address: the same answer")
    t.ok(unknown > (middle - known) / 3, f"and the same cost ({(middle - known) * 1000:.0f} and {unknown * 1000:.0f} ms)")
    t.is_(post(b"/api/login", b"address=a&password=b", kind=b"\r\nContent-Type: application/x-www-form-urlencoded")[0], 415, "a form: 415")
    c = Raw(s)
    t.is_(post(b"/api/login", b'{"address":"a","address":"b","password":"c"}')[0], 400, "doubled keys: 400")
    t.is_(post(b"/api/login", {"address": s.user, "password": PASSWORD}, b"\r\nOrigin: http://evil.example")[0], 403, "log-in from another origin: 403")
    c = Raw(s)
    status, h, body = post(b"/api/login", {"address": s.user.upper(), "password": PASSWORD}, b"\r\nOrigin: " + ours)
    t.ok(status == 200 and json.loads(body)["firm"] == "Azienda" and json.loads(body)["name"] == "Giulia Ferri", "log-in", body)
    cookie = h["set-cookie"]
    t.ok("HttpOnly" in cookie and "SameSite=Strict" in cookie and re.match(r"sigillo=[0-9a-f]{88};", cookie), "the cookie", cookie)
    ck = b"\r\nCookie: " + cookie.split(";")[0].encode()
    t.is_(json.loads(c.ask(b"GET /api/me HTTP/1.1" + ck)[2])["address"], s.user, "who am I")
    call = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {"a": 1}, "c"]]}
    t.is_(post(b"/jmap/api", call, ck)[0], 403, "the cookie alone does not change things: 403")
    c = Raw(s)
    t.is_(post(b"/jmap/api", call, ck + b"\r\nX-Sigillo: 1\r\nOrigin: http://evil.example")[0], 403, "another origin: 403")
    c = Raw(s)
    t.is_(post(b"/jmap/api", call, ck + b"\r\nX-Sigillo: 1")[0], 403, "no origin: 403")
    c = Raw(s)
    t.is_(post(b"/jmap/api", call, ck + b"\r\nX-Sigillo: 1\r\nOrigin: " + ours)[0], 200, "our page: 200")
    again = post(b"/api/login", {"address": s.user, "password": PASSWORD}, ck + b"\r\nX-Sigillo: 1\r\nOrigin: " + ours)[1]["set-cookie"]
    t.ok(again.split(";")[0] != cookie.split(";")[0], "a new id at every log-in")
    t.is_(c.ask(b"GET /api/me HTTP/1.1" + ck)[0], 401, "and the old one is dead")
    c = Raw(s)
    ck = b"\r\nCookie: " + again.split(";")[0].encode()
    t.is_(post(b"/api/logout", {}, ck + b"\r\nX-Sigillo: 1\r\nOrigin: " + ours)[0], 200, "log-out")
    t.is_(c.ask(b"GET /api/me HTTP/1.1" + ck)[0], 401, "is a log-out")
    c = Raw(s)
    last = post(b"/api/login", {"address": s.user, "password": PASSWORD})[1]["set-cookie"].split(";")[0].encode()
    s.cli("user", "password", s.user, "--password-stdin", "--state", s.state, stdin="a new one 123")
    t.is_(c.ask(b"GET /api/me HTTP/1.1\r\nCookie: " + last)[0], 401, "a new password ends its sessions")
    t.is_(s.request("GET", "/api/me")[0], 401, "and the cached old one")
    s.cli("user", "password", s.user, "--password-stdin", "--state", s.state, stdin=PASSWORD)
    t.is_(s.request("GET", "/api/me")[0], 200, "back again")
    basic = b"\r\nAuthorization: Basic " + base64.b64encode(f"{s.user}:{PASSWORD}".encode())
    c = Raw(s)
    t.is_(c.ask(b"GET /api/me HTTP/1.1" + basic + b"\r\nX-Forwarded-For: 192.0.2.7")[0], 401, "Basic through something that forwards is not loopback: 401")
    for _ in range(12):
        status, h, _ = s.request("GET", "/api/me", headers={"Authorization": "Basic " + base64.b64encode(b"else@azienda.example:x").decode()}, auth=False)
    t.ok(status == 429 and int(h["Retry-After"]) > 60, "ten wrong passwords of one address: 429", (status, h))


def limits(s):
    c = Raw(s)
    t.is_(c.ask(b"POST /api/login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 20000")[0], 413, "a large body without log-in: 413 before it is read")
    status, h, body = s.request("POST", "/jmap/api", body=b"{" + b" " * (5 << 20))
    said = json.loads(body)
    t.is_((status, h["Content-Type"], said["type"], said["limit"], said["status"]), (400, "application/problem+json", "urn:ietf:params:jmap:error:limit", "maxSizeRequest", 400),
          "an API request over maxSizeRequest: the problem of RFC 8620 3.6.1")
    status, _, body = s.request("POST", "/jmap/api", body=b"{}", headers={"Content-Type": "text/plain"})
    t.is_((status, json.loads(body)["type"]), (400, "urn:ietf:params:jmap:error:notJSON"), "and one that is not application/json")
    c = Raw(s)
    basic = b"Authorization: Basic " + base64.b64encode(f"{s.user}:{PASSWORD}".encode())
    t.is_(c.ask(b"POST /upload/aaa HTTP/1.1\r\nContent-Type: text/plain\r\n" + basic + b"\r\nContent-Length: 53477376")[0], 413, "an upload over its limit: 413")
    status, _, body = s.request("POST", "/jmap/api", body=b"[" + b" " * 500000)
    t.is_(status, 400, "half a megabyte that is no JSON is read and refused")
    idle = [Raw(s) for _ in range(200)]
    t.is_(s.request("GET", "/api/status", auth=False)[0], 200, "beside 200 idle connections")
    for i in idle:
        i.s.close()
    slow = Raw(s)
    slow.s.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    t.is_(s.request("GET", "/healthz", auth=False)[0], 200, "a slow head holds up nobody")


def health(s):
    status, _, body = s.request("GET", "/health", auth=False)
    text = body.decode()
    t.ok(status == 200 and all(f">{role}<" in text for role in ("net", "scan", "keys", "dns", "jobs")), "the health page names every role", text)
    t.ok("seccomp=on" in text, "and its sandbox layers", text)
    t.is_(s.request("GET", "/readyz", auth=False)[2], b"ready\n", "readyz")
    t.is_(json.loads(s.request("GET", "/api/status", auth=False)[2]), {"ok": True, "it": "Servizio operativo", "en": "Service running"}, "status")


def stop(s):
    idle = Raw(s)
    t.is_(idle.ask(b"GET /healthz HTTP/1.1")[0], 200, "a kept-alive connection")
    start = time.monotonic()
    t.is_(s.stop(), 0, "SIGTERM ends it with exit 0")
    t.ok(time.monotonic() - start < 40 and idle.over(), "idle connections are closed")


with Server() as s:
    for part in (framing, panel, health, limits, login, stop):
        part(s)
sys.exit(t.done())
