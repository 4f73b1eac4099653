#!/usr/bin/env python3
"""The programs where a package puts them: usr/bin and usr/libexec/sigillo, nothing of a build folder beside them."""
import os, shutil, sys, tempfile
import sigillo
from sigillo import Server, Tap

t = Tap()
top = tempfile.mkdtemp(prefix="sigillo-installed-")
try:
    os.chmod(top, 0o755)
    places = {"sigillo": "usr/bin", "libexec/sigillo-supervisor": "usr/libexec/sigillo", "libexec/sigillo-scan": "usr/libexec/sigillo", "libexec/sigillo-dns": "usr/libexec/sigillo"}
    for name, folder in places.items():
        os.makedirs(os.path.join(top, folder), exist_ok=True)
        shutil.copy(os.path.join(sigillo.BUILD, name), os.path.join(top, folder))
    for folder, _, _ in os.walk(top):
        os.chmod(folder, 0o755)
    sigillo.BINARY = os.path.join(top, "usr/bin/sigillo")
    with Server() as s:
        t.ok(True, "it starts")
        t.is_(sorted(s.roles()), ["dns", "jobs", "keys", "net", "scan"], "with every role")
        ours = {os.readlink(f"/proc/{p[0]}/exe") for p in s.roles().values()}
        t.is_(sorted(os.path.relpath(x, top) for x in ours), ["usr/bin/sigillo", "usr/libexec/sigillo/sigillo-dns", "usr/libexec/sigillo/sigillo-scan"], "each from its place")
        s.mailbox()
        mail = b"From: Anna <a@cliente.example>\r\nTo: info@azienda.example\r\nSubject: prova\r\nMessage-ID: <i1@cliente.example>\r\n\r\nciao\r\n"
        t.is_(s.send(mail, sender="a@cliente.example")[0], 250, "mail is accepted")
        t.is_(s.stop(), 0, "it ends in order")
finally:
    shutil.rmtree(top, ignore_errors=True)
sys.exit(t.done())
