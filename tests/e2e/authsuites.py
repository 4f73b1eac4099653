#!/usr/bin/env python3
"""The published suites: RFC 7208 (openspf.org) and ARC validation (draft 18), case by case through build/tests/authcheck_tool.
They are read from $SIGILLO_DATA/conformance; without it, or without PyYAML, the cases are left out."""
import os, re, subprocess, sys
from sigillo import BUILD, Tap

A, PTR, MX, TXT, AAAA = 1, 12, 15, 16, 28
OK, NXDOMAIN, SERVFAIL, TIMEOUT = range(4)
TYPES = {"A": A, "AAAA": AAAA, "MX": MX, "PTR": PTR, "TXT": TXT}
ANY_CLOCK = 4  # flag of auth/auth.h: published signatures are old

# Where RFC 8617 of 2019 says otherwise than the draft that the suite was written for, or leaves it to the verifier.
SEALED = "RFC 8617 5.2 steps 2 and 3: a chain with cv=fail is a failed chain, a result like any other"
ARC_DEVIATIONS = {
    "cv_fail_i1_as_cv_fail": SEALED,
    "cv_fail_i2_as2_fail": SEALED,
    "cv_fail_i2_as1_fail": SEALED,
    "ams_fields_c_na": "RFC 8617 4.1.2 takes c= from RFC 6376 3.5, where a missing one means simple/simple",
    "ams_fields_h_empty": "RFC 8617 4.1.2 takes h= from RFC 6376 3.5 and 5.4: it names a field, and From among them",
}


def name(text):
    out = b""
    for label in text.rstrip(".").split(".") if text.rstrip(".") else []:
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def strings(parts):
    out = b""
    for text in parts if isinstance(parts, list) else [parts]:
        raw = text.encode("latin-1" if all(ord(c) < 256 for c in text) else "utf-8")
        for i in range(0, max(len(raw), 1), 255):
            out += bytes([len(raw[i:i + 255])]) + raw[i:i + 255]
    return out


def rdata(kind, value):
    import ipaddress
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return int(value[0]).to_bytes(2, "big") + name(value[1])
    return name(value) if kind == "PTR" else strings(value)


def hexed(data):
    return (data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")).hex() or "-"


class Check:
    def __init__(self):
        self.p = subprocess.Popen([os.path.join(BUILD, "tests/authcheck_tool")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def tell(self, line, more=b""):
        self.p.stdin.write(line.encode() + b"\n" + more)

    def ask(self, line, more=b""):
        self.tell(line, more)
        self.p.stdin.flush()
        return self.p.stdout.readline().decode().rstrip("\n").split(" ")

    def rr(self, owner, kind, value, status=OK):
        if len(owner) < 256:
            self.tell(f"rr {hexed(owner)} {TYPES[kind]} {status} {hexed(rdata(kind, value)) if value is not None else '-'}")


def spf_zone(c, zone):
    """Records of type SPF stand for TXT, unless the name has TXT of its own. A lone TIMEOUT: what is not listed times out."""
    c.tell("clear")
    rows, late = {}, set()
    for owner, records in zone.items():
        own = any(isinstance(r, dict) and "TXT" in r for r in records)
        for r in records:
            if r == "TIMEOUT":
                late.add(owner.lower())
                continue
            (kind, value), = r.items()
            if value == "NONE" or (kind == "SPF" and own):
                continue
            rows.setdefault(owner.lower(), []).append(("TXT" if kind == "SPF" else kind, value))
    for owner, records in rows.items():
        for kind, value in records:
            if kind == "CNAME":
                for k, v in rows.get(value.lower(), []):
                    c.rr(owner, k, v)
            elif value == "TIMEOUT":
                c.rr(owner, kind, None, TIMEOUT)
            else:
                c.rr(owner, kind, value)
    for owner in zone:
        kinds = {k for k, _ in rows.get(owner.lower(), [])}
        for kind in TYPES if owner.lower() in late else ():
            if kind not in kinds:
                c.rr(owner, kind, None, TIMEOUT)
        if owner.lower() not in rows and owner.lower() not in late:
            c.rr(owner, "A", None)


def spf(t, c, docs):
    good = total = 0
    for doc in docs:
        spf_zone(c, doc["zonedata"])
        for case, x in doc["tests"].items():
            want = x["result"] if isinstance(x.get("result"), list) else [x.get("result", "none")]
            got = c.ask(f"spf {hexed(str(x['host']))} {hexed(x['helo'] or '')} {hexed(x['mailfrom'] or '')}")
            text = "" if got[2] == "-" else bytes.fromhex(got[2]).decode()
            told = x.get("explanation", "DEFAULT")
            fine = got[1] in want and (got[1] != "fail" or text == ("" if told == "DEFAULT" else told))
            total, good = total + 1, good + fine
            if not fine:
                t.ok(False, f"SPF {doc['description']}: {case}", f"want {want} {told!r}, got {got} {text!r}\n{x}")
    t.ok(good == total and total >= 203, f"SPF: {good} of {total} cases of the RFC 7208 suite")


def arc(t, c, docs):
    good = total = 0
    for doc in docs:
        c.tell("clear")
        for owner, text in (doc.get("txt-records") or {}).items():
            c.rr(owner, "TXT", text)
        for case, x in doc["tests"].items():
            message = (x["message"] or "").replace("\n", "\r\n").encode()
            got = c.ask(f"mail {ANY_CLOCK} {len(message)}", message)
            want = (x["cv"] or "").lower()
            why = ARC_DEVIATIONS.get(case)
            fine = got[3] == want
            total, good = total + 1, good + fine
            if why:
                t.ok(not fine, f"ARC {case}: {got[3]} where draft 18 says {want or 'nothing'}: {why}")
                good += not fine
            elif not fine:
                t.ok(False, f"ARC {doc['description']}: {case}", f"want {want}, got {got}\n{x.get('description')}")
    t.ok(good == total and total >= 171, f"ARC: {good - len(ARC_DEVIATIONS)} of {total} cases as the suite, {len(ARC_DEVIATIONS)} as named above")


def main():
    t = Tap()
    at = os.path.join(os.environ.get("SIGILLO_DATA", "/nonexistent"), "conformance")
    try:
        import yaml
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    except ImportError:
        loader = None
    for title, file, run in (("SPF", "rfc7208-tests.yml", spf), ("ARC", "arc-draft-validation-tests.yml", arc)):
        path = os.path.join(at, file)
        if not os.path.exists(path) or not loader:
            t.skip(f"{title} suite", "PyYAML is not installed" if not loader else "SIGILLO_DATA has no conformance/" + file)
            continue
        with open(path, encoding="utf-8") as f:
            docs = [d for d in yaml.load_all(f, loader) if d]
        c = Check()
        run(t, c, docs)
        c.p.stdin.close()
        t.is_(c.p.wait(), 0, f"{title}: the judge ended well")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
