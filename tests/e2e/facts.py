#!/usr/bin/env python3
"""Facts against what others read: the structure against a computation of its own, the text against Python's mail parser, payment
coordinates against the lists that come with the data, hostile messages against the clock."""
import email, email.policy, glob, io, json, os, re, resource, subprocess, sys, tempfile, unicodedata, zipfile
from email.message import EmailMessage
from sigillo import BUILD, SOURCE, Tap

t = Tap()
SCAN = os.path.join(BUILD, "libexec/sigillo-scan")
DATA = os.environ.get("SIGILLO_DATA")


def facts(files):
    """{file: facts}; a file that could not be read is absent."""
    files = list(files)
    out = {}
    r = subprocess.run([SCAN, "--facts", "--print", "-"], input="\n".join(files) + "\n", text=True, capture_output=True, timeout=900)
    lines = r.stdout.splitlines()
    for name, line in zip(files, lines):
        if line.startswith("{"):
            out[name] = json.loads(line)
    return out


def under(*parts):
    return sorted(os.path.join(d, f) for d, _, fs in os.walk(os.path.join(DATA, *parts)) for f in fs)


# --- structure: RFC 2046 by hand, on bytes -----------------------------------------------------------------------------
def header_end(raw, at, end):
    """Offset behind the empty line."""
    while at < end:
        nl = raw.find(b"\n", at, end)
        nl = end if nl < 0 else nl + 1
        if raw[at:nl].strip(b"\r\n") == b"":
            return nl
        at = nl
    return end


def params(raw, start, body):
    m = email.message_from_bytes(raw[start:body], policy=email.policy.compat32)
    b = m.get_boundary()
    return m.get_content_type(), b.rstrip() if b else None


def split(raw, start, end, boundary):
    """[(start, end)] of the parts between the delimiter lines; None when it is never closed."""
    mark = b"--" + boundary.encode()
    cuts, at, closed = [], start, False
    while at < end:
        nl = raw.find(b"\n", at, end)
        line_end = end if nl < 0 else nl + 1
        line = raw[at:line_end].rstrip(b" \t\r\n")
        if line in (mark, mark + b"--"):
            cuts.append((at, line_end))
            if line == mark + b"--":
                closed = True
                break
        at = line_end
    if not closed:
        return None
    out = []
    for (_, a), (b, _) in zip(cuts, cuts[1:]):
        if raw[b - 1 : b] == b"\n":
            b -= 1
            if raw[b - 1 : b] == b"\r":
                b -= 1
        out.append((a, max(a, b)))
    return out


def measured(offset, length, lines):
    return (offset if length else None, length, lines)  # an empty line between a header and a delimiter belongs to both


def leaves(raw, start, end, found):
    body = header_end(raw, start, end)
    kind, boundary = params(raw, start, body)
    if kind == "multipart/digest":
        raise ValueError("parts are messages")
    if kind.startswith("multipart/") and boundary:
        parts = split(raw, body, end, boundary)
        if parts is None:
            raise ValueError("open")
        for a, b in parts:
            leaves(raw, a, b, found)
    elif kind in ("message/rfc822", "message/global", "message/news") or kind == "multipart/digest":
        raise ValueError("nested")
    else:
        text = raw[body:end]
        found.append(measured(body, end - body, text.count(b"\n") + (text[-1:] not in (b"", b"\n"))))


def structure(all_facts):
    same = other = 0
    bad = []
    for name, f in all_facts.items():
        with open(name, "rb") as h:
            raw = h.read()
        m = email.message_from_bytes(raw)
        if any(p.defects for p in m.walk()) or raw.startswith(b"From ") or not m.keys():
            continue
        found = []
        try:
            leaves(raw, 0, len(raw), found)
        except (ValueError, UnicodeError, IndexError):
            continue
        ours = [measured(p["bodyOffset"], p["bodyLength"], p["lines"]) for p in f["structure"]
                if p["type"] != "multipart" and p["type"] + "/" + p["subtype"] not in ("message/rfc822", "message/global", "message/news")]
        if ours == found:
            same += 1
        else:
            other += 1
            bad.append(f"{name}\n  ours   {ours[:6]}\n  python {found[:6]}")
    return same, other, bad


# --- text -------------------------------------------------------------------------------------------------------------------
def words(s):
    s = unicodedata.normalize("NFKC", s)
    return set(re.findall(r"[A-Za-z]{4,}", s))


def lost_text(all_facts):
    """Messages of which Python reads words in a text/plain part that stand nowhere in our facts."""
    bad, n = [], 0
    for name, f in all_facts.items():
        with open(name, "rb") as h:
            m = email.message_from_binary_file(h, policy=email.policy.default)
        want = set()
        try:
            if any(p.defects for p in m.walk()):
                continue
            if any(p.get_content_maintype() == "message" and p.get_content_subtype() != "rfc822" for p in m.walk()):
                continue  # Python looks into all of these as if they were messages
            for p in m.walk():
                if p.get_content_type() == "text/plain" and p.get_content_charset("us-ascii") in ("us-ascii", "utf-8", "iso-8859-1"):
                    body = p.get_payload(decode=True) or b""
                    if body and all(c < 127 for c in body):
                        want |= words(body.decode("ascii"))
        except Exception:
            continue
        if not want:
            continue
        n += 1
        i = f["insight"]
        have = words(i["text"] + "\n" + i.get("attached", "") + "\n" + " ".join(x["url"] for x in i["links"]))
        lost = want - have
        if len(lost) > len(want) * 0.02 and "text-cut" not in i["flags"]:
            if m.get_content_type() == "multipart/alternative" or any(p.get_content_type() == "text/html" for p in m.walk()):
                continue  # the HTML said more and was taken
            bad.append(f"{name}: {sorted(lost)[:8]}")
    return n, bad


# --- payments ---------------------------------------------------------------------------------------------------------------
def mod97(iban):
    s = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in s)) % 97 == 1


def wrapped(folder, name, data, kind=("application", "octet-stream"), body="Vedi allegato."):
    m = EmailMessage()
    m["From"], m["To"], m["Subject"] = "anna@rossimarmi.example", "info@azienda.example", "Fattura"
    m.set_content(body)
    m.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=name)
    path = os.path.join(folder, name + ".eml")
    with open(path, "wb") as f:
        f.write(m.as_bytes())
    return path


def payments(folder):
    want = {}
    with open(os.path.join(DATA, "payments/ibans.tsv")) as f:
        for line in f:
            name, ibans = line.rstrip("\n").split("\t")
            with open(os.path.join(DATA, "payments", name), "rb") as h:
                path = wrapped(folder, os.path.basename(name), h.read(), ("application", "pdf"))
            want[path] = {i for i in ibans.split(",") if i and mod97(i)}
    got = facts(want)
    missed = [f"{p}: {want[p] - {x['value'] for x in got[p]['insight']['payments']}}" for p in want
              if p not in got or want[p] - {x["value"] for x in got[p]["insight"]["payments"] if x["kind"] == "iban"}]
    t.ok(not missed, f"every valid IBAN of {len(want)} invoices is found", "\n".join(missed))
    rows = [a for p in got.values() for a in p["insight"]["attachments"]]
    electronic = [a for a in rows if a.get("kind") == "factur-x"]
    t.ok(len(electronic) >= 25 and all(a.get("number") and a.get("holder") for a in electronic), "electronic invoices in them give number and payee", len(electronic))

    italian = facts(wrapped(folder, os.path.basename(p), open(p, "rb").read(), ("text", "xml")) for p in under("italian", "fatturapa") if "invoices_" in p)
    bad = [n for n, f in italian.items() if f["insight"]["attachments"][0].get("kind") != "fatturapa" or "number" not in f["insight"]["attachments"][0]]
    t.ok(len(italian) >= 6 and not bad, "Italian electronic invoices are read", bad)

    cases = {"attack-epc-qr": "qr", "attack-hidden-iban": "html", "attack-pdf-text": "pdf"}
    for case, where in cases.items():
        files = glob.glob(os.path.join(DATA, "bec_synth/*", case + ".eml"))
        bad = [n for n, f in facts(files).items() if not any(x["kind"] == "iban" and x["where"] == where for x in f["insight"]["payments"])]
        t.ok(len(files) == 3 and not bad, f"{case}: the account is found ({where})", bad)
    files = glob.glob(os.path.join(DATA, "bec_synth/*/attack-pdf-image.eml"))
    bad = [n for n, f in facts(files).items() if "pdf-picture" not in f["insight"]["attachments"][0]["flags"]]
    t.ok(len(files) == 3 and not bad, "attack-pdf-image: said to be a picture", bad)


# --- hostile ------------------------------------------------------------------------------------------------------------------
def zipped(files):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            z.writestr(name, data)
    return b.getvalue()


def png_header(w, h):
    import struct, zlib
    chunk = lambda k, d: struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def cyclic_pdf():
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</XObject<</A 4 0 R>>>>/Contents 5 0 R>>endobj\n"
    form = b"4 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 4 0 R/B 4 0 R>>>>/Length 12>>stream\n/A Do /B Do \nendstream endobj\n"
    return (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R 2 0 R]/Count 90000>>endobj\n" + page + form
            + b"5 0 obj<</Length 5>>stream\n/A Do\nendstream endobj\ntrailer<</Root 1 0 R/Size 6/Prev 0>>\nstartxref\n0\n%%EOF\n")


def doubling_pdf():
    """Each form paints the next one twenty times."""
    out = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    out += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</XObject<</A 10 0 R>>>>/Contents 5 0 R>>endobj\n5 0 obj<</Length 5>>stream\n/A Do\nendstream endobj\n"
    for i in range(10, 30):
        body = b"/A Do " * 20
        out += b"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A %d 0 R>>>>/Length %d>>stream\n%s\nendstream endobj\n" % (i, i + 1, len(body), body)
    return out + b"trailer<</Root 1 0 R/Size 30>>\n%%EOF\n"


def hostile(folder):
    deep = b"IBAN"
    for i in range(12):
        deep = zipped([(f"{i}.zip", deep)])
    cases = {
        "zip bomb": wrapped(folder, "bomb.zip", zipped([("bomb", b"\0" * 200_000_000)])),
        "archives in archives": wrapped(folder, "deep.zip", deep),
        "5,000 files in an archive": wrapped(folder, "many.zip", zipped([(f"{i}.txt", b"x") for i in range(5000)])),
        "huge picture": wrapped(folder, "huge.png", png_header(60000, 60000), ("image", "png")),
        "cyclic PDF": wrapped(folder, "cyclic.pdf", cyclic_pdf(), ("application", "pdf")),
        "PDF that doubles itself": wrapped(folder, "doubling.pdf", doubling_pdf(), ("application", "pdf")),
    }
    raw = {
        "10,000 parts": b"Content-Type: multipart/mixed; boundary=A\r\n\r\n" + b"--A\r\n\r\nx\r\n" * 10000,
        "1 MB of header": b"Subject: x\r\n" + b"X-Filler: " + b"a" * 70 + b"\r\n" + (b" " + b"b" * 76 + b"\r\n") * 13500 + b"\r\nciao\r\n",
        "200 multiparts in each other": b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (i, i) for i in range(200)) + b"\r\nx\r\n",
        "200,000 elements in each other": b"Content-Type: text/html\r\n\r\n" + b"<div><blockquote><span style='color:red'>" * 70000 + b"x",
        "style sheet of 2 MB": b"Content-Type: text/html\r\n\r\n<style>" + b".a{color:red}/*" * 130000 + b"</style><p class=a>x",
        "links without end": b"Content-Type: text/html\r\n\r\n" + b"<a href='http://x.example/y'>z</a>" * 30000,
        "one line of 4 MB": b"Subject: x\r\n\r\n" + b"http://www.x" * 350000,
        "attributes without end": b"Content-Type: text/html\r\n\r\n<p " + b"class='a' " * 200000 + b">x",
        "letters that look like others": "Content-Type: text/plain; charset=utf-8\r\n\r\n".encode() + "ⅣＩ７\u200b".encode() * 200000,
    }
    for name, data in raw.items():
        cases[name] = os.path.join(folder, name.replace(" ", "-").replace(",", "") + ".eml")
        with open(cases[name], "wb") as f:
            f.write(data)
    limit = 20.0 if subprocess.run(["readelf", "-d", SCAN], capture_output=True, text=True).stdout.find("libasan") >= 0 else 1.5
    for name, path in cases.items():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        got = facts([path])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        t.ok(path in got and cpu < limit, f"{name}: read within bounds", f"{cpu:.2f} s, {'read' if path in got else 'no answer'}")
    for name in ("zip bomb", "archives in archives", "5,000 files in an archive", "huge picture", "10,000 parts", "PDF that doubles itself"):
        i = facts([cases[name]])[cases[name]]["insight"]
        t.ok("unreadable" in i["flags"], f"{name}: said to be not read completely", i["flags"])


def main():
    if not DATA:
        t.skip("facts of the corpus", "SIGILLO_DATA is not set")
    else:
        corpus = facts(under("mime"))
        files = under("mime")
        t.ok(len(corpus) == len(files), "every message of the torture corpus is read", [f for f in files if f not in corpus][:5])
        same, other, bad = structure(corpus)
        t.ok(same > 150 and not other, f"offsets and lines are those of an own computation ({same} messages)", "\n".join(bad[:8]))
        real = facts(p for p in under("ham") + under("phish") if os.path.getsize(p) < 300000)
        same, other, bad = structure(real)
        t.ok(same > 2000 and not other, f"and over real mail ({same} messages)", "\n".join(bad[:8]))
        n, bad = lost_text({**corpus, **real})
        t.ok(n > 500 and not bad, f"no text that Python reads is lost ({n} messages)", "\n".join(bad[:12]))
        with tempfile.TemporaryDirectory() as folder:
            payments(folder)
    with tempfile.TemporaryDirectory() as folder:
        hostile(folder)
    return t.done()


sys.exit(main())
