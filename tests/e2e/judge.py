#!/usr/bin/env python3
"""sigillo scan, guard explain and guard replay, as a newcomer and a script use them, on mail of our own."""
import json, os, re, subprocess, sys, tempfile
from sigillo import BINARY, Server, Tap

t = Tap()
OLD, NEW = "IT60X0542811101000000123456", "LT121000011101001000"
FIRM = ["--own-domain", "azienda.example", "--own-iban", "IT84Y9139099603082462819482", "--staff", "Elena Conti <elena@azienda.example>"]


def letter(name, addr, subject, text, day, extra="", to="Anna <anna@azienda.example>"):
    return (f"From: {name} <{addr}>\nTo: {to}\nSubject: {subject}\nDate: Mon, {day:02} Jun 2026 09:00:00 +0200\nMessage-ID: <{day}.{abs(hash(subject))}@prova.example>\n"
            f"{extra}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n")


def sigillo(*args):
    return subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=300)


with tempfile.TemporaryDirectory() as folder:
    def put(name, text):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    rossi = "marco@rossimarmi.example"
    for day in (1, 8, 22):
        put(f"past/{day}.eml", letter("Marco Rossi", rossi, f"Fattura {day}", f"Fattura {day}, IBAN {OLD}", day))
    put("past/9-out.eml", letter("Anna", "anna@azienda.example", "Re: Fattura 8", "Ricevuta, grazie.", 9, to=f"Marco Rossi <{rossi}>"))
    same = put("new/a-same.eml", letter("Marco Rossi", rossi, "Fattura 29", f"Fattura 29, IBAN {OLD}", 29))
    changed = put("new/b-changed.eml", letter("Marco Rossi", rossi, "Nuovo conto", f"Il nuovo IBAN: {NEW}", 29))
    near = put("new/c-near.eml", letter("Marco Rossi", "marco@rossimarml.example", "Nuovo conto", f"Il nuovo IBAN: {NEW}", 29))
    mbox = put("old.mbox", "".join("From anna@azienda.example Mon Jun  1 09:00:00 2026\n" + open(p).read() + "\n" for p in (same, changed)))

    past = ["--history", os.path.join(folder, "past")]
    p = sigillo("scan", "--json", *FIRM, *past, os.path.join(folder, "new"))
    lines = [json.loads(x) for x in p.stdout.splitlines()]
    t.is_(p.returncode, 0, "scan of a folder ends with 0")
    t.is_([os.path.basename(x["file"]) for x in lines], ["a-same.eml", "b-changed.eml", "c-near.eml"], "one line a message, in order")
    t.ok(all(set(x) == {"file", "verdict", "score", "ms", "findings"} and 0 <= x["score"] <= 1 and x["ms"] > 0 for x in lines), "each line has the promised fields", lines)
    t.ok(all(set(f) == {"code", "level", "facts", "text"} and set(f["text"]) == {"it", "en"} and f["level"] in ("note", "caution", "stop") for x in lines for f in x["findings"]), "and so has each finding")
    t.is_([x["verdict"] for x in lines], ["accept", "hold", "hold"], "the known IBAN is accepted, the changed one and the look-alike are held")
    t.ok(any(f["facts"].get("old") == OLD and f["facts"].get("new") == NEW for f in lines[1]["findings"]), "old and new IBAN stand side by side", lines[1])
    again = [json.loads(x)["verdict"] for x in sigillo("scan", "--json", *FIRM, *past, near, changed, same).stdout.splitlines()]
    t.is_(again, ["hold", "hold", "accept"], "judged messages teach each other nothing")
    p = sigillo("scan", "--json", *FIRM, *past, mbox)
    t.is_([os.path.basename(json.loads(x)["file"]) for x in p.stdout.splitlines()], ["old.mbox#1", "old.mbox#2"], "an mbox is read message by message")
    p = sigillo("scan", "--lang", "it", *FIRM, *past, os.path.join(folder, "new"))
    t.ok("fermo" in p.stdout and NEW in p.stdout and "3 messaggi" in p.stdout and "\033[" not in p.stdout, "for a person: a table in words, without colours in a pipe", p.stdout)
    for args, name in ((["scan"], "no file"), (["scan", os.path.join(folder, "none.eml")], "a missing file"), (["scan", "--own-iban", "IT00", same], "a wrong IBAN"),
                       (["scan", "--staff", "nobody", same], "staff without an address"), (["scan", "--own-domain", "a b", same], "a domain that is none"), (["scan", "--nonsense", same], "an unknown option")):
        p = sigillo(*args)
        t.ok(p.returncode == 2 and p.stderr.strip(), f"{name}: exit 2 and a sentence", f"{p.returncode} {p.stderr}")
    p = sigillo("guard", "explain", changed, *FIRM, *past)
    t.ok(p.returncode == 0 and all(w in p.stdout for w in ("Facts", "Asked", "Known", "Findings", "Verdict", "payment.changed", OLD)), "explain shows facts, keys, history, findings, verdict", p.stdout + p.stderr)
    empty = put("empty.eml", "")
    t.is_(sigillo("scan", "--json", empty).returncode, 0, "an empty file is judged too")

with Server() as s:
    for day in (1, 2, 3):
        s.send(letter("Marco Rossi", rossi, f"Fattura {day}", f"IBAN {OLD}", day).replace("\n", "\r\n").encode(), sender=rossi)
    code, text = s.send(letter("Marco Rossi", "marco@rossimarml.example", "Nuovo conto", f"IBAN {NEW}", 4).replace("\n", "\r\n").encode(), sender="marco@rossimarml.example")
    word = re.search(r"[a-z2-7]+\.[a-z2-7]{8,}", text).group(0)
    p = s.cli("guard", "explain", word, "--state", s.state, check=False)
    t.ok(p.returncode == 0 and "lookalike" in p.stdout and "Verdict" in p.stdout, "a held mail is explained by the id of its 250", f"{text}\n{p.stdout}{p.stderr}")
    p = s.cli("guard", "replay", "--all", "--state", s.state, check=False)
    t.ok(p.returncode == 0 and " 0 changed" in p.stdout and "hold" in p.stdout, "replay with the same guard changes nothing", p.stdout + p.stderr)
sys.exit(t.done())
