#!/usr/bin/env python3
"""Events (RFC 8620 7.3): a browser that listens is told of a new message within a second, of nothing else, and is let go when its session ends."""
import base64, http.client, json, socket, sys, time
from sigillo import Server, Tap, PASSWORD

t = Tap()


class Events:
    def __init__(self, s, query="types=*&closeafter=no&ping=5", headers=None):
        self.s = socket.create_connection(("127.0.0.1", s.http_port), timeout=120)
        h = headers or {"Authorization": "Basic " + base64.b64encode(f"{s.user}:{PASSWORD}".encode()).decode()}
        lines = "".join(f"{k}: {v}\r\n" for k, v in h.items())
        self.s.sendall(f"GET /events?{query} HTTP/1.1\r\nHost: 127.0.0.1:{s.http_port}\r\n{lines}\r\n".encode())
        self.buf = b""
        self.status = int(self.until(b"\r\n\r\n").split()[1])

    def until(self, mark):
        while mark not in self.buf:
            got = self.s.recv(65536)
            if not got:
                raise EOFError
            self.buf += got
        part, self.buf = self.buf.split(mark, 1)
        return part

    def event(self, kind="state", seconds=120):
        """(id, data) of the next event of that kind; None at the end of the stream, "late" when none came."""
        self.s.settimeout(seconds)
        try:
            while True:
                lines = dict(line.split(": ", 1) for line in self.until(b"\n\n").decode().split("\n") if ": " in line)
                if lines.get("event") == kind:
                    return lines.get("id"), json.loads(lines["data"])
        except TimeoutError:
            return "late"
        except (EOFError, ConnectionError):
            return None


MAIL = b"From: Anna <anna@rossimarmi.example>\r\nTo: info@azienda.example\r\nSubject: Listino %d\r\nMessage-ID: <%d@rossimarmi.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n\r\nBuongiorno.\r\n"

with Server() as s:
    account = next(iter(json.loads(s.request("GET", "/jmap/session")[2])["accounts"]))
    url = json.loads(s.request("GET", "/jmap/session")[2])["eventSourceUrl"]
    t.ok("/events?" in url and all(p in url for p in ("{types}", "{closeafter}", "{ping}")), "the session names it", url)
    t.is_(s.request("GET", "/events", auth=False)[0], 401, "not for strangers")
    t.is_(s.request("GET", "/events?closeafter=x")[0], 400, "nonsense is refused")
    e = Events(s)
    t.is_(e.status, 200, "the stream is open")
    first = e.event()
    t.ok(first and first[1]["@type"] == "StateChange" and {"Email", "Mailbox", "Thread"} <= set(first[1]["changed"][account]), "all states at the beginning", first)
    t.is_(e.event("ping")[1], {"interval": 5}, "a ping")
    late = []
    for i in range(5):
        code, _ = s.send(MAIL % (i, i))
        begin = time.monotonic()
        got = e.event()
        late.append(time.monotonic() - begin)
        t.ok(code == 250 and got and "Email" in got[1]["changed"][account], f"told of message {i} after {late[-1] * 1000:.0f} ms", got)
    t.ok(max(late) < 20, "each soon", late)
    states = dict(first[1]["changed"][account])
    only = Events(s, "types=Mailbox&closeafter=state&ping=0")
    time.sleep(0.3)
    s.send(MAIL % (9, 9))
    got = only.event()
    t.ok(got and set(got[1]["changed"][account]) == {"Mailbox"}, "only the types that were asked for", got)
    t.is_(only.event(), None, "closeafter=state ends it")
    e.event()
    again = Events(s, "types=*&closeafter=state&ping=0", {"Authorization": "Basic " + base64.b64encode(f"{s.user}:{PASSWORD}".encode()).decode(), "Last-Event-ID": first[0]})
    got = again.event()
    t.ok(got and got[1]["changed"][account]["Email"] != states["Email"], "who comes again with an old id is told at once", got)
    # a session's stream ends with it
    c = http.client.HTTPConnection("127.0.0.1", s.http_port, timeout=120)
    ours = {"Content-Type": "application/json", "X-Sigillo": "1", "Origin": f"http://127.0.0.1:{s.http_port}"}
    c.request("POST", "/api/login", json.dumps({"address": s.user, "password": PASSWORD}), ours)
    r = c.getresponse()
    r.read()
    cookie = {"Cookie": r.getheader("Set-Cookie").split(";")[0]}
    mine = Events(s, headers=cookie)
    mine.event()
    c.request("POST", "/api/logout", "{}", ours | cookie)
    c.getresponse().read()
    t.is_(mine.event(), None, "log-out ends the stream")
    t.is_(Events(s, headers=cookie).status, 401, "and it does not come back")
    many = [Events(s) for _ in range(15)]
    t.is_({m.status for m in many}, {200}, "fifteen more")
    s.send(MAIL % (20, 20))
    t.ok(all(m.event() and m.event() for m in many), "all are told")
    metrics = s.request("GET", "/metrics", auth=False)[2].decode()
    t.ok("sigillo_http_event_clients 16" in metrics, "counted", [x for x in metrics.split("\n") if "event" in x])
    begin = time.monotonic()
    s.stop()
    while got := e.event():
        if got == "late":
            break
    t.ok(got is None and time.monotonic() - begin < 40, "a stop ends them all")
sys.exit(t.done())
