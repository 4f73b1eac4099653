#!/usr/bin/env python3
"""Fraud and honest mail of our own (tests/data/guard), judged by `sigillo scan` against half a year of one firm's past.

A case: "== id | bound | finding", lines "@pdf NAME: a | b", "@html" ..., headers, an empty line, the text. {IT3} is an account, {SPACED:IT3} the
same written otherwise. `guard_cases.py --show` prints every verdict with its findings."""
import email.message, email.policy, email.utils, io, json, os, re, subprocess, sys, tempfile, zipfile
from datetime import datetime, timedelta, timezone
from sigillo import BINARY, SOURCE, Tap

DATA = os.path.join(SOURCE, "tests/data/guard")
RANK = {"accept": 0, "caution": 1, "junk": 2, "hold": 3, "reject": 3}
FIRM = ["--own-domain", "cartieravalsesia.it", "--test-auth", "--staff", "Giulia Marchetti <giulia.marchetti@cartieravalsesia.it>", "--staff",
        "Davide Sartori <davide.sartori@cartieravalsesia.it>", "--staff", "Matteo Grassi <matteo.grassi@cartieravalsesia.it>"]
US = "Davide Sartori <davide.sartori@cartieravalsesia.it>"
TODAY = datetime(2026, 7, 28, 8, 30, tzinfo=timezone.utc)
HELLO = {"it": ("Fattura", "Buongiorno Davide, in allegato la fattura. Coordinate:", "Buongiorno, ricevuto, grazie. Paghiamo alla scadenza concordata."),
         "de": ("Rechnung", "Sehr geehrter Herr Sartori, anbei unsere Rechnung. Bankverbindung:", "Guten Tag, vielen Dank, wir zahlen wie vereinbart zum Termin."),
         "fr": ("Facture", "Bonjour Davide, voici notre facture. Compte :", "Bonjour, bien reçu, nous payons à la date convenue avec vous."),
         "es": ("Factura", "Buenos días Davide: adjuntamos la factura. Cuenta:", "Buenos días, recibido, pagamos en la fecha acordada, un saludo."),
         "en": ("Invoice", "Dear Davide, please find our invoice. Account:", "Hello, received with thanks, we will pay on the agreed date.")}


# ---- accounts: valid ones that belong to nobody, made from a number ----

def iban(country, bban):
    digits = "".join(str(int(c, 36)) for c in bban + country + "00")
    return f"{country}{98 - int(digits) % 97:02}{bban}"


def italian(n):
    odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
    body = f"{3069 + 111 * n:05}{9400 + n:05}{271828182845 + 97 * n:012}"
    total = sum(odd[int(c)] if i % 2 == 0 else int(c) for i, c in enumerate(body))
    return iban("IT", chr(65 + total % 26) + body)


def french(n):
    bank, desk, account = 30004, 800 + n, 10203040 + n
    return iban("FR", f"{bank:05}{desk:05}{account:011}{97 - (89 * bank + 15 * desk + 3 * account) % 97:02}")


def spanish(n):
    def check(text, weights):
        d = 11 - sum(int(c) * w for c, w in zip(text, weights)) % 11
        return {10: 1, 11: 0}.get(d, d)
    bank, account = f"2100{418 + n:04}", f"{200051332 + n:010}"
    return iban("ES", bank + str(check(bank, [4, 8, 5, 10, 9, 7, 3, 6])) + str(check(account, [1, 2, 4, 8, 5, 10, 9, 7, 3, 6])) + account)


def portuguese(n):
    body = f"00350651{12345678 + n:011}"
    return iban("PT", body + f"{98 - int(body + '00') % 97:02}")


ACCOUNTS = {f"IT{n}": italian(n) for n in range(1, 60)}
ACCOUNTS |= {f"DE{n}": iban("DE", f"37040044{532013000 + n:010}") for n in range(1, 4)} | {f"FR{n}": french(n) for n in (1, 2)} | {f"ES{n}": spanish(n) for n in (1, 2)}
ACCOUNTS |= {f"GB{n}": iban("GB", f"NWBK601613{31926800 + n}") for n in (1, 2)} | {"NL1": iban("NL", "ABNA0417164300"), "PT1": portuguese(1), "OWN": italian(77)}
ACCOUNTS |= {"LT1": iban("LT", "3250012345678901"), "PL1": iban("PL", "109010140000071219812874"), "RO1": iban("RO", "BTRL0130120223344556")}


def grouped(code, by):
    v = ACCOUNTS[code]
    return by.join(v[i:i + 4] for i in range(0, len(v), 4))


def expand(text, refs):
    text = re.sub(r"\{SPACED:(\w+)\}", lambda m: grouped(m[1], "\u00a0 "), text)
    text = re.sub(r"\{SLASHED:(\w+)\}", lambda m: grouped(m[1], "/"), text)
    text = re.sub(r"\{DASHED:(\w+)\}", lambda m: grouped(m[1], "\u2013"), text)
    text = re.sub(r"\{CELLS:(\w+)\}", lambda m: "".join(f"<td>{g}</td>" for g in grouped(m[1], " ").split()), text)
    text = re.sub(r"\{LINES:(\w+)\}", lambda m: grouped(m[1], "\n"), text)
    text = re.sub(r"\{SPANS:(\w+)\}", lambda m: "".join(f"<b>{g}</b><span> </span>" for g in grouped(m[1], " ").split()), text)
    text = re.sub(r"\{CYR:(\w+)\}", lambda m: grouped(m[1], " ").replace("I", "\u0406").replace("T", "\u0422"), text)
    text = re.sub(r"\{WIDE:(\w+)\}", lambda m: "".join(chr(ord(c) + 0xFEE0) for c in ACCOUNTS[m[1]]), text)
    text = re.sub(r"\{REF:([^}]+)\}", lambda m: refs[m[1]], text)
    text = text.replace("{QUOTED20}", "\n".join(f"> fornitore {n}: {ACCOUNTS[f'IT{n}']}" for n in range(20, 40)))
    text = text.replace("{MANY16}", ", ".join(iban("LT", f"32500{n:011}") for n in range(16)))
    return re.sub(r"\{([A-Z]{2}\d+|OWN)\}", lambda m: ACCOUNTS[m[1]], text)


# ---- papers ----

def pdf(lines):
    """One page of text, in the plainest way a PDF can have it."""
    stream = "BT /F1 12 Tf 60 780 Td " + " ".join(f"({x.translate({40: 91, 41: 93, 92: 47})}) Tj 0 -18 Td" for x in lines) + " ET"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
               f"<</Length {len(stream)}>>stream\n{stream}\nendstream", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", "<</Producer(Gestionale 9)/Author(Ufficio)>>"]
    out, at = "%PDF-1.4\n", []
    for i, o in enumerate(objects, 1):
        at.append(len(out))
        out += f"{i} 0 obj{o}endobj\n"
    table = "".join(f"{x:010} 00000 n \n" for x in at)
    return (out + f"xref\n0 {len(at) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(at) + 1}/Root 1 0 R/Info 6 0 R>>\nstartxref\n{len(out)}\n%%EOF\n").encode("latin-1", "replace")


def picture():
    """A page that is one image: a scan that no program reads."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
               b"<</Length 27>>stream\nq 595 0 0 842 0 0 cm /I Do Q\nendstream",
               b"<</Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 8/Length 4096>>stream\n" + bytes(range(256)) * 16 + b"\nendstream", b"<</Producer(Scanner 3)>>"]
    out, at = b"%PDF-1.4\n", []
    for i, o in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj" % i + o + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % x for x in at)
    return out + b"xref\n0 7\n0000000000 65535 f \n" + table + b"trailer<</Size 7/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


def zipped(files):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            z.writestr(name, text)
    return b.getvalue()


def docx(lines):
    text = "".join(f"<w:p><w:r><w:t>{x}</w:t></w:r></w:p>" for x in lines)
    return zipped({"[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
                   "word/document.xml": f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{text}</w:body></w:document>'})


def xlsx(lines):
    text = "".join(f"<si><t>{x}</t></si>" for x in lines)
    return zipped({"[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>', "xl/workbook.xml": "<workbook/>",
                   "xl/sharedStrings.xml": f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{text}</sst>'})


def fatturapa(v):
    return (f'<?xml version="1.0"?><p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"><FatturaElettronicaHeader><CedentePrestatore>'
            f"<DatiAnagrafici><Anagrafica><Denominazione>{v[0]}</Denominazione></Anagrafica></DatiAnagrafici></CedentePrestatore></FatturaElettronicaHeader><FatturaElettronicaBody><DatiGenerali>"
            f"<DatiGeneraliDocumento><Numero>{v[1]}</Numero></DatiGeneraliDocumento></DatiGenerali><DatiPagamento><DettaglioPagamento><ImportoPagamento>{v[2]}</ImportoPagamento><IBAN>{v[3]}</IBAN>"
            "</DettaglioPagamento></DatiPagamento></FatturaElettronicaBody></p:FatturaElettronica>").encode()


def paper(m, kind, rest):
    name, _, text = rest.partition(":")
    lines = [x.strip() for x in text.split(" | ")]
    name, *more = name.split() or [""]
    made = {"pdf": ("application", "pdf", lambda: pdf(lines)), "docx": ("application", "octet-stream", lambda: docx(lines)), "xlsx": ("application", "octet-stream", lambda: xlsx(lines)),
            "fatturapa": ("application", "xml", lambda: fatturapa(lines)), "picture": ("application", "pdf", picture), "html-file": ("text", "html", lambda: text.strip().encode()),
            "zip": ("application", "zip", lambda: zipped({text.strip().split("=", 1)[0]: text.strip().split("=", 1)[1]})),
            "file": (*(more or ["application/octet-stream"])[0].split("/"), lambda: "\n".join(lines).encode())}
    if kind == "ics":
        m.add_attachment("\r\n".join(x.strip() for x in rest.split(" | ")).encode(), maintype="text", subtype="calendar", filename="invite.ics")
    elif kind == "eml":
        inner = email.message.EmailMessage(email.policy.SMTP)
        inner["From"], inner["Subject"] = "Banca <info@banca-notifiche.example>", "Comunicazione"
        inner.set_content(text.strip())
        m.add_attachment(inner)
    elif kind == "report":
        m.make_mixed()
        m.set_type("multipart/report")
    else:
        major, minor, make = made[kind]
        m.add_attachment(make(), maintype=major, subtype=minor, filename=name)


# ---- messages ----

def message(fields, text, at, directives=(), auth="pass 151.38.10.4;AS3269;IT"):
    m = email.message.EmailMessage(email.policy.SMTP.clone(max_line_length=200))
    said = {k: v for k, v in directives}
    m["To"] = US
    for k, v in fields:
        if k == "To":
            del m["To"]
        m[k] = v
    m["Date"] = email.utils.format_datetime(at)
    proof, _, net = said.get("auth", auth).partition(" ")
    m["X-Test-Auth"] = f"{proof};{proof if proof != 'softfail' else 'none'};{proof if proof != 'softfail' else 'none'};{net}"
    if "plain" in said:
        m.set_content(said["plain"])
        m.add_alternative(text, subtype="html")
    elif "html" in said:
        m.set_content(text, subtype="html")
    else:
        m.set_content(text)
    for kind, rest in directives:
        if kind not in ("auth", "html", "plain"):
            paper(m, kind, rest)
    return m


def past(folder):
    refs, n = {}, 0
    for line in open(os.path.join(DATA, "past.txt"), encoding="utf-8"):
        if line.startswith("#") or "|" not in line:
            continue
        name, addr, account, how, proof, net, lang, _ = (x.strip() for x in line.split("|"))
        subject, hello, reply = HELLO[lang]
        for k in range(7):
            at, account_text, n = TODAY - timedelta(days=160 - 22 * k), expand(account, refs), n + 1
            directives = [("pdf", f"{subject}-{k}.pdf: {name} | {subject} {k} | {account_text}")] if how == "pdf" else []
            body = f"{hello} {account_text}\n\n{name}" if account != "-" else f"{hello.split('.')[0]}.\n\n{name}"
            refs[addr] = f"<in{n}@{addr.split('@')[1]}>"
            m = message([("From", email.utils.formataddr((name, addr))), ("Subject", f"{subject} {k}"), ("Message-ID", refs[addr])], body, at, directives, f"{proof} {net}")
            out = message([("From", US), ("To", email.utils.formataddr((name, addr))), ("Subject", f"Re: {subject} {k}"), ("Message-ID", f"<out{n}@cartieravalsesia.it>"), ("In-Reply-To", refs[addr])],
                          reply + "\n\nDavide Sartori", at + timedelta(hours=5))
            for i, x in enumerate((m, out)):
                with open(os.path.join(folder, f"{n:03}-{i}.eml"), "wb") as f:
                    f.write(bytes(x))
    # Somebody unknown who has written once, long enough ago.
    with open(os.path.join(folder, "primed.eml"), "wb") as f:
        f.write(bytes(message([("From", "Ufficio <info@innescato-servizi.net>"), ("Subject", "Catalogo"), ("Message-ID", "<p@innescato-servizi.net>")], "Vi interessa il nostro catalogo?", TODAY - timedelta(days=40))))
    return refs


def cases(name, refs):
    text = open(os.path.join(DATA, name), encoding="utf-8").read()
    for block in re.split(r"^== ", text, flags=re.M)[1:]:
        head, _, rest = block.partition("\n")
        case, bound, code = (x.strip() for x in head.split("|"))
        lines = rest.rstrip("\n").split("\n")
        directives = [(x[1:].split(" ", 1) + [""])[:2] for x in lines if x.startswith("@")]
        lines = [x for x in lines if not x.startswith("@")]
        cut = lines.index("")
        fields = [tuple(expand(x, refs).split(": ", 1)) for x in lines[:cut]]
        if not any(k == "Message-ID" for k, _ in fields):
            fields.append(("Message-ID", f"<{case}@{fields[0][1].split('@')[-1].strip('>')}>"))
        yield case, bound, code, message(fields, expand("\n".join(lines[cut + 1:]), refs) + "\n", TODAY, [(k, expand(v, refs)) for k, v in directives])


def judge(folder, files):
    p = subprocess.run([BINARY, "scan", "--json", *FIRM, "--own-iban", ACCOUNTS["OWN"], "--history", os.path.join(folder, "past"), *files], capture_output=True, text=True, timeout=600)
    return [json.loads(x) for x in p.stdout.splitlines()], p.stderr


def main():
    t, show = Tap(), "--show" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "past"))
        refs = past(os.path.join(folder, "past"))
        all_cases = [(x, "fraud") for x in cases("attacks.txt", refs)] + [(x, "honest") for x in cases("honest.txt", refs)]
        files = []
        for (case, _, _, m), _ in all_cases:
            files.append(os.path.join(folder, case + ".eml"))
            with open(files[-1], "wb") as f:
                f.write(bytes(m))
        verdicts, said = judge(folder, files)
        t.ok(len(verdicts) == len(all_cases), "every message is judged", said)
        for ((case, bound, code, _), kind), v in zip(all_cases, verdicts):
            found = " ".join(f"{f['code']}({f['level'][0]})" for f in v["findings"])
            inside = RANK[v["verdict"]] >= RANK[bound] if kind == "fraud" else RANK[v["verdict"]] <= RANK[bound]
            named = code == "-" or any(f["code"] == code for f in v["findings"])
            if show:
                print(f"# {'  ' if inside and named else '!!'} {kind:6} {case:30} {bound:8} {v['verdict']:8} {v['score']:.3f} {found}")
            t.ok(inside and named, f"{kind}: {case} is {'at least' if kind == 'fraud' else 'at most'} {bound}", f"{v['verdict']} {found}")


if __name__ == "__main__":
    main()
