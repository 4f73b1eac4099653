#!/usr/bin/env python3
"""JMAP as a client uses it: read, search, flag, move, draft, upload, download, undo; and everything that must be refused."""
import json, os, sys, threading, time, urllib.parse
from sigillo import Server, Tap

t = Tap()
MAIL = ("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission", "urn:sigillo:guard", "urn:sigillo:admin")


def one(s, name, **args):
    got, answer = s.jmap((name, args), using=MAIL)[0]
    return answer if got == name else {"error": answer}


def account(s):
    s.mailbox()
    return s.account


def multipart():
    return ("From: Anna Rossi <anna@rossimarmi.example>\r\nTo: Info <info@azienda.example>, Beppe <beppe@terzi.example>\r\nCc: capo@azienda.example\r\n"
            "Reply-To: ordini@rossimarmi.example\r\nSubject: =?utf-8?Q?Perch=C3=A9_s=C3=AC?=\r\nMessage-ID: <m1@rossimarmi.example>\r\nX-Note: prova\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncitt=E0 e balena\r\n"
            "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>citt\u00e0 <b>e</b> <script>x</script></p>\r\n--b--\r\n"
            "--a\r\nContent-Type: application/pdf; name=\"offerta.pdf\"\r\nContent-Disposition: attachment; filename=\"offerta.pdf\"\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--a\r\nContent-Type: text/html; name=\"pagina.html\"\r\n"
            "Content-Disposition: attachment; filename=\"pagina.html\"\r\n\r\n<script>alert(1)</script>\r\n--a--\r\n").encode()


def plain(n, subject="prova", body="ciao", sender="m@cliente.example"):
    return f"From: Mario <{sender}>\r\nTo: info@azienda.example\r\nSubject: {subject} {n}\r\nMessage-ID: <p{n}@cliente.example>\r\n\r\n{body} {n}\r\n".encode()


def held_mail():
    return ("From: Anna Rossi <anna@rossimarmi.example>\r\nTo: info@azienda.example\r\nSubject: Fattura\r\nMessage-ID: <h@rossimarmi.example>\r\n\r\n"
            "Il nostro nuovo IBAN e' LT121000011101001000\r\nhttps://raw-mark.example/x\r\n").encode()


def reading(s):
    # Imported, because the guard would rightly call it junk.
    up = json.loads(s.request("POST", f"/upload/{account(s)}", body=multipart(), headers={"Content-Type": "message/rfc822"})[2])
    made = one(s, "Email/import", emails={"a": {"blobId": up["blobId"], "mailboxIds": {s.mailbox()["id"]: True}}})["created"]["a"]
    e = one(s, "Email/get", ids=[made["id"]], fetchTextBodyValues=True, fetchHTMLBodyValues=True,
            properties=["id", "subject", "to", "cc", "replyTo", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments", "blobId", "header:X-Note",
                        "header:To:asAddresses", "header:Message-ID:asMessageIds", "header:Content-Type:asRaw:all", "guardText", "headers"])["list"][0]
    t.is_(e["subject"], "Perch\u00e9 s\u00ec", "the subject is decoded")
    t.is_([a["email"] for a in e["to"]], ["info@azienda.example", "beppe@terzi.example"], "to")
    t.is_((e["cc"][0]["email"], e["replyTo"][0]["email"]), ("capo@azienda.example", "ordini@rossimarmi.example"), "cc and replyTo")
    text, html = e["textBody"][0], e["htmlBody"][0]
    t.is_((text["type"], html["type"], len(e["textBody"]), len(e["htmlBody"])), ("text/plain", "text/html", 1, 1), "text and HTML body by the RFC's algorithm")
    t.is_(e["bodyValues"][text["partId"]]["value"], "citt\u00e0 e balena", "quoted-printable Latin-1 is text")
    t.ok("<script>" in e["bodyValues"][html["partId"]]["value"], "HTML is given as it was written")
    t.is_([a["name"] for a in e["attachments"]], ["offerta.pdf", "pagina.html"], "attachments")
    t.is_((e["bodyStructure"]["type"], [p["type"] for p in e["bodyStructure"]["subParts"]]), ("multipart/mixed", ["multipart/alternative", "application/pdf", "text/html"]),
          "the structure")
    t.is_(e["header:X-Note"].strip(), "prova", "header:X-Note")
    t.is_(len(e["header:To:asAddresses"]), 2, "header:To:asAddresses")
    t.is_(e["header:Message-ID:asMessageIds"], ["m1@rossimarmi.example"], "header:Message-ID:asMessageIds")
    t.ok(len(e["header:Content-Type:asRaw:all"]) == 1 and any(h["name"] == "X-Note" for h in e["headers"]), "all headers")
    t.ok("<" not in e["guardText"] and "balena" in e["guardText"], "guardText is safe text")
    cut = one(s, "Email/get", ids=[e["id"]], fetchTextBodyValues=True, maxBodyValueBytes=5, properties=["bodyValues"])["list"][0]["bodyValues"]["2"]
    t.is_((cut["value"], cut["isTruncated"]), ("citt", True), "maxBodyValueBytes cuts between characters")
    return e


def download(s, account, blob, name="x", accept=None):
    return s.request("GET", f"/download/{account}/{blob}/{urllib.parse.quote(name)}" + (f"?accept={urllib.parse.quote(accept)}" if accept else ""))


def blobs(s, e):
    pdf, page = e["attachments"]
    status, h, body = download(s, s.account, pdf["blobId"], "offerta \u00e8.pdf")
    t.is_((status, body), (200, b"%PDF-1.4\n"), "an attachment is downloaded decoded")
    t.is_(download(s, s.account, pdf["blobId"], "x" + "\u00e8" * 300)[0], 200, "a long name is cut between its characters")
    t.ok(h["Content-Disposition"].startswith("attachment;") and h["X-Content-Type-Options"] == "nosniff" and "sandbox" in h["Content-Security-Policy"], "as an attachment, nosniff, sandboxed", h)
    t.is_((h["Content-Type"], download(s, s.account, page["blobId"])[1]["Content-Type"]), ("application/pdf", "application/octet-stream"), "HTML is never sent as HTML")
    t.is_(download(s, s.account, pdf["blobId"], accept="text/html")[1]["Content-Type"], "application/octet-stream", "not even when asked for")
    status, _, body = download(s, s.account, e["blobId"])
    t.ok(status == 200 and b"X-Note: prova" in body, "the whole message")
    t.is_([download(s, a, b)[0] for a, b in ((s.account, "Pazzz-3"), (s.account, pdf["blobId"] + "9"), ("azzzz", pdf["blobId"]), (s.account, "../x"))], [404] * 4,
          "other parts, accounts and nonsense: 404")
    t.is_(s.request("GET", f"/download/{s.account}/{e['blobId']}/x", auth=False)[0], 401, "not without a log-in")
    status, _, body = s.request("POST", f"/upload/{s.account}", body=b"From: io <info@azienda.example>\r\nSubject: caricato\r\n\r\ncorpo\r\n", headers={"Content-Type": "message/rfc822"})
    up = json.loads(body)
    t.is_((status, up["size"], up["type"]), (201, 61, "message/rfc822"), "an upload")
    t.is_(download(s, s.account, up["blobId"])[2][:8], b"From: io", "and back")
    t.is_(s.request("POST", "/upload/azzzz", body=b"x", headers={"Content-Type": "text/plain"})[0], 404, "not into another account")
    parsed = one(s, "Email/parse", blobIds=[up["blobId"], "Uazzz", pdf["blobId"]], properties=["subject", "from", "bodyValues"], fetchTextBodyValues=True)
    t.is_((parsed["parsed"][up["blobId"]]["subject"], parsed["notFound"], parsed["notParsable"]), ("caricato", ["Uazzz"], [pdf["blobId"]]), "Email/parse")
    box = s.mailbox("archive" if any(b["role"] == "archive" for b in one(s, "Mailbox/get", ids=None)["list"]) else "inbox")["id"]
    got = one(s, "Email/import", emails={"a": {"blobId": up["blobId"], "mailboxIds": {box: True}, "keywords": {"$seen": True, "importato": True}, "receivedAt": "2020-05-06T07:08:09Z"},
                                         "b": {"blobId": "Uazzz", "mailboxIds": {box: True}}})
    t.ok("a" in got["created"] and got["notCreated"]["b"]["type"] == "invalidProperties", "Email/import", got)
    e2 = one(s, "Email/get", ids=[got["created"]["a"]["id"]], properties=["receivedAt", "keywords", "subject", "preview"])["list"][0]
    t.is_((e2["receivedAt"], sorted(e2["keywords"]), e2["preview"]), ("2020-05-06T07:08:09Z", ["$seen", "importato"], "corpo"), "keeps date and keywords")
    return up["blobId"]


def changing(s):
    for n in range(4):
        s.send(plain(n))
    state = one(s, "Email/get", ids=[])["state"]
    mails = [e["id"] for e in s.emails(properties=["id", "subject"]) if e["subject"].startswith("prova")]
    box = one(s, "Mailbox/set", create={"x": {"name": "Pratiche"}, "y": {"name": "2026", "parentId": "#x"}, "z": {"name": "a/b"}, "w": {"name": "Inbox"}})
    t.ok(set(box["created"]) == {"x", "y"} and {"z", "w"} == set(box["notCreated"]), "Mailbox/set create, with a parent made in the same call", box)
    folder, sub = box["created"]["x"]["id"], box["created"]["y"]["id"]
    inbox = s.mailbox()["id"]
    got = one(s, "Email/set", update={mails[0]: {"keywords/$seen": True, "keywords/cliente": True}, mails[1]: {"mailboxIds": {folder: True}}, mails[2]: {f"mailboxIds/{sub}": True},
                                      mails[3]: {"mailboxIds": {}}, "azzzz": {"keywords/$seen": True}, "no id": {}})
    t.is_((set(got["updated"]), {k: v["type"] for k, v in got["notUpdated"].items()}), (set(mails[:3]), {mails[3]: "invalidProperties", "azzzz": "notFound", "no id": "notFound"}), "Email/set update")
    rows = {e["id"]: e for e in one(s, "Email/get", ids=mails, properties=["keywords", "mailboxIds"])["list"]}
    t.is_((rows[mails[0]]["keywords"], set(rows[mails[1]]["mailboxIds"]), set(rows[mails[2]]["mailboxIds"])), ({"$seen": True, "cliente": True}, {folder}, {inbox, sub}), "and read back")
    bad = {mails[0]: {"subject": "x"}}, {mails[0]: {"keywords/$seen": "yes"}}, {mails[0]: {"keywords": {"a b": True}}}, {mails[0]: {f"mailboxIds/{inbox}": None}}, {mails[0]: {"mailboxIds/azz": True}}
    t.is_([one(s, "Email/set", update=u)["notUpdated"][mails[0]]["type"] for u in bad], ["invalidProperties"] * 5, "what may not be set is refused")
    t.is_(one(s, "Email/set", ifInState=state, update={mails[0]: {"keywords/$seen": None}})["error"]["type"], "stateMismatch", "ifInState")
    ch = one(s, "Email/changes", sinceState=state)
    t.is_((set(ch["updated"]), ch["created"], ch["destroyed"]), (set(mails[:3]), [], []), "Email/changes tells of them")
    q = one(s, "Email/queryChanges", sinceQueryState=state, filter={"inMailbox": inbox}, sort=[{"property": "receivedAt", "isAscending": False}])
    t.ok(mails[1] in q["removed"] and mails[1] not in [a["id"] for a in q["added"]] and mails[0] in [a["id"] for a in q["added"]], "Email/queryChanges", q)
    got = one(s, "Mailbox/set", destroy=[folder, sub, inbox])
    t.is_({k: v["type"] for k, v in got["notDestroyed"].items()}, {folder: "mailboxHasChild", sub: "mailboxHasEmail", inbox: "forbidden"}, "mailboxes that may not go")
    t.is_(one(s, "Mailbox/set", update={folder: {"parentId": sub}})["notUpdated"][folder]["type"], "invalidProperties", "no loops")
    got = one(s, "Mailbox/set", onDestroyRemoveEmails=True, destroy=[sub])
    t.is_(got["destroyed"], [sub], "onDestroyRemoveEmails")
    t.is_(set(one(s, "Email/get", ids=[mails[2]], properties=["mailboxIds"])["list"][0]["mailboxIds"]), {inbox}, "mail that is elsewhere too stays there")
    got = one(s, "Email/set", destroy=[mails[1], mails[1], "azzz"])
    t.is_((got["destroyed"], list(got["notDestroyed"])), ([mails[1]], ["azzz"]), "destroy")
    t.is_(one(s, "Email/get", ids=[mails[1]])["notFound"], [mails[1]], "gone")
    return mails


def drafts(s, e, blob):
    box = s.mailbox("drafts")["id"]
    got = one(s, "Email/set", create={"d": {
        "mailboxIds": {box: True}, "keywords": {"$draft": True, "$seen": True}, "from": [{"name": "Giulia Ferri", "email": "info@azienda.example"}],
        "to": [{"name": "\u00c8 lui", "email": "anna@rossimarmi.example"}], "subject": "Risposta perch\u00e9", "inReplyTo": ["m1@rossimarmi.example"], "references": ["m1@rossimarmi.example"],
        "bodyValues": {"1": {"value": "Buongiorno,\nprima riga\nfine \u20ac"}, "2": {"value": "<p>Buongiorno</p>"}},
        "textBody": [{"partId": "1", "type": "text/plain"}], "htmlBody": [{"partId": "2", "type": "text/html"}],
        "attachments": [{"blobId": e["attachments"][0]["blobId"], "name": "citt\u00e0.pdf", "disposition": "attachment"}, {"blobId": blob, "type": "message/rfc822"}]},
        "bad": {"mailboxIds": {box: True}, "subject": "a\r\nBcc: x@y.example"}, "gone": {"mailboxIds": {box: True}, "attachments": [{"blobId": "Uazzz"}]}, "none": {"subject": "x"}})
    t.is_(({k: v["type"] for k, v in got["notCreated"].items()}), {"bad": "invalidProperties", "gone": "blobNotFound", "none": "invalidProperties"}, "drafts that cannot be")
    d = one(s, "Email/get", ids=[got["created"]["d"]["id"]], fetchTextBodyValues=True)["list"][0]
    t.is_((d["subject"], d["to"][0]["name"], d["bodyValues"][d["textBody"][0]["partId"]]["value"]), ("Risposta perch\u00e9", "\u00c8 lui", "Buongiorno,\nprima riga\nfine \u20ac"), "a draft is read back")
    t.is_([a["name"] for a in d["attachments"]][:1], ["citt\u00e0.pdf"], "with its attachments")
    t.is_(download(s, s.account, d["attachments"][0]["blobId"])[2], b"%PDF-1.4\n", "whose bytes are the same")


def searching(s):
    s.send(plain(77, "Ordine bulloni", "viti e bulloni M12 fattura", "vendite@bulloni.example"))
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not one(s, "Email/query", filter={"text": "bulloni"}).get("ids"):
        time.sleep(0.2)

    def ids(text):
        return [e["subject"] for e in one(s, "Email/get", ids=one(s, "Email/query", filter={"text": text})["ids"], properties=["subject"])["list"]]
    want = ["Ordine bulloni 77"]
    for text in ("bulloni", "bullon", "da:vendite", "from:vendite@bulloni.example", "oggetto:ordine", '"viti e bulloni"', "viti -citt\u00e0", "balenottera OR m12", "m12 is:unread", "bulloni after:2020-01-01",
                 "bulloni in:inbox", "bulloni allegato:no"):
        t.is_(ids(text), want, f"search {text}")
    for text in ('"bulloni e viti"', "bulloni -m12", "bulloni is:read", "bulloni before:2020-01-01", "bulloni in:sent", "bulloni has:attachment", "da:nessuno", "oggetto:viti"):
        t.is_(ids(text), [], f"search {text}: nothing")
    t.is_((ids("da:rossi allegato:s\u00ec"), ids("from:rossi has:attachment")), (["Perch\u00e9 s\u00ec"],) * 2, "both languages find the same")
    t.is_((ids("to:beppe"), ids("offerta.pdf")), (["Perch\u00e9 s\u00ec"],) * 2, "recipients and attachments' names are found")
    t.is_(one(s, "Search/parse", text="bulloni iban:IT60 rischio:alto is:boh")["unknown"], ["rischio:alto", "is:boh"], "unknown operators are named")
    q = one(s, "Email/query", filter={"text": "bulloni"})
    snip = one(s, "SearchSnippet/get", filter={"text": "bulloni"}, emailIds=q["ids"])["list"][0]
    t.ok("<mark>bulloni</mark>" in snip["subject"] and "<mark>" in snip["preview"], "snippets", snip)
    box = s.mailbox()["id"]
    every = one(s, "Email/query", filter={"inMailbox": box}, calculateTotal=True)
    t.is_((len(every["ids"]), every["total"]), (s.mailbox()["totalEmails"],) * 2, "total")
    mid = one(s, "Email/query", filter={"inMailbox": box}, anchor=every["ids"][2], anchorOffset=-1, limit=2)
    t.is_((mid["ids"], mid["position"]), (every["ids"][1:3], 1), "anchor")
    t.is_(one(s, "Email/query", filter={"inMailbox": box}, position=-2)["ids"], every["ids"][-2:], "a position from the end")
    up = one(s, "Email/query", filter={"inMailbox": box}, sort=[{"property": "receivedAt"}])["ids"]
    t.is_(up[::-1] == every["ids"] or sorted(up) == sorted(every["ids"]), True, "the other way round")
    flagged = one(s, "Email/query", filter={"operator": "AND", "conditions": [{"inMailbox": box}, {"operator": "NOT", "conditions": [{"hasKeyword": "$seen"}]}]})["ids"]
    t.is_(len(flagged), s.mailbox()["unreadEmails"], "operators, and unread as the mailbox counts it")
    t.is_(len(one(s, "Email/query", filter={"inMailbox": box, "notKeyword": "$seen"}, calculateTotal=True, limit=1)["ids"]), 1, "unread with a limit")
    by = [one(s, "Email/query", sort=[{"property": p, "isAscending": True}])["ids"] for p in ("size", "from", "subject", "sentAt")]
    t.ok(all(sorted(x) == sorted(by[0]) for x in by), "other orders hold the same mail")
    for f in ({"minSize": 10}, {"maxSize": 1 << 30}, {"hasAttachment": True}, {"before": "2100-01-01T00:00:00Z", "after": "2000-01-01T00:00:00Z"}, {"inMailboxOtherThan": [box]},
              {"someInThreadHaveKeyword": "$seen"}, {"allInThreadHaveKeyword": "$seen"}, {"noneInThreadHaveKeyword": "$seen"}, {"header": ["X-Note"]}, {"header": ["X-Note", "prova"]},
              {"from": "anna"}, {"to": "info"}, {"cc": "capo"}, {"subject": "perch"}, {"body": "balena"}):
        got = one(s, "Email/query", filter=f, collapseThreads=True)
        t.ok("ids" in got, f"filter {f}", got)


def held(s):
    s.verb("counterparty", "add", "--state", s.state, "rossimarmi.example", "--name", "Rossi Marmi", "--iban", "IT60X0542811101000000123456")
    s.send(held_mail())
    rows = s.emails(name="Held", properties=["id", "subject", "guardFindings"])
    if not t.is_(len(rows), 1, "the changed IBAN is held"):
        return
    h, inbox = rows[0]["id"], s.mailbox()["id"]
    full = one(s, "Email/get", ids=[h], fetchAllBodyValues=True, properties=["bodyValues", "textBody", "bodyStructure", "attachments", "to", "headers", "blobId", "header:Subject"])["list"][0]
    t.ok("text" in full["bodyValues"] and full["to"] is None and full["headers"] == [] and full["header:Subject"] is None, "only its cleaned text is shown", full)
    t.is_([download(s, s.account, b)[0] for b in (full["blobId"], f"P{h}-0", f"M{h}")], [404] * 3, "no byte of it can be downloaded")
    got = one(s, "Email/set", update={h: {f"mailboxIds/{inbox}": True}}, destroy=[h])
    t.is_((got["notUpdated"].get(h, {}).get("type"), got["notDestroyed"].get(h, {}).get("type")), ("willDestroy", "forbidden"), "not moved, not destroyed")
    for u in ({"mailboxIds": {inbox: True}}, {"keywords/$seen": True}, {"keywords": {}}):
        t.is_(one(s, "Email/set", update={h: u})["notUpdated"][h]["type"], "forbidden", f"update {u} of a held message")
    t.is_(one(s, "Email/import", emails={"a": {"blobId": full["blobId"], "mailboxIds": {inbox: True}}})["notCreated"]["a"]["type"], "invalidProperties", "not imported")
    t.is_(one(s, "Email/parse", blobIds=[full["blobId"]])["notFound"], [full["blobId"]], "not parsed")
    t.is_(one(s, "Email/set", create={"d": {"mailboxIds": {inbox: True}, "attachments": [{"blobId": full["blobId"]}]}})["notCreated"]["d"]["type"], "blobNotFound", "not attached to a draft")
    t.is_([one(s, "Email/query", filter={"text": x}).get("ids") for x in ("is:held", "in:held fattura", "è:trattenuto -fattura")], [[h], [h], []], "held mail is found where it is asked for")
    ctx = one(s, "Context/get", emailId=h)
    t.is_((ctx["address"], ctx["company"], [d["state"] for d in ctx["bankDetails"]]), ("anna@rossimarmi.example", "Rossi Marmi", ["verified"]), "Context/get", )
    t.is_(one(s, "Held/release", ids=["azzz", s.emails(properties=["id"])[0]["id"]])["released"], {}, "only held messages are released")
    before = s.mailbox()["totalEmails"]
    got = one(s, "Held/release", ids=[h])
    t.ok(h in got["released"] and not got["notReleased"], "Held/release", got)
    t.is_((s.mailbox()["totalEmails"], len(s.emails(name="Held"))), (before + 1, 0), "it is in the inbox now")
    t.is_(download(s, s.account, full["blobId"])[0], 200, "and can be downloaded")
    got = one(s, "Guard/report", ids=[h], **{"as": "fraud"})
    t.is_((got["reported"], set(one(s, "Email/get", ids=[h], properties=["mailboxIds"])["list"][0]["mailboxIds"])), ([h], {s.mailbox("junk")["id"]}), "reported as fraud: in Junk")
    state = one(s, "Email/get", ids=[])["state"]
    said = one(s, "Email/get", ids=[h], properties=["guardReported"])["list"][0]["guardReported"]
    t.is_((said["as"], said["by"], said["at"][-1]), ("fraud", s.user, "Z"), "guardReported is read back")
    one(s, "Guard/report", ids=[h], **{"as": "junk"})  # moves nothing: it is in Junk already
    t.is_((one(s, "Email/changes", sinceState=state)["updated"], one(s, "Email/get", ids=[h], properties=["guardReported"])["list"][0]["guardReported"]["as"]), ([h], "junk"),
          "a report that moves nothing is a change too, and the last one counts")
    one(s, "Guard/report", ids=[h], **{"as": "fraud"})
    s.send(held_mail().replace(b"<h@", b"<h2@"))
    h2 = s.emails(name="Held", properties=["id"])[0]["id"]
    s.verb("held", "list", "--state", s.state, s.user)
    t.is_((one(s, "Held/discard", ids=[h2])["discarded"], one(s, "Email/get", ids=[h2])["notFound"]), ([h2], [h2]), "Held/discard")
    s.send(held_mail().replace(b"<h@", b"<h3@"))
    listed = s.verb("held", "list", "--state", s.state, s.user).stdout.split()
    t.ok(listed and s.verb("held", "release", "--state", s.state, s.user, listed[0]).returncode == 0, "held release on the command line")


def admin(s):
    people = one(s, "Person/get", ids=None)["list"]
    t.is_((people[0]["address"], people[0]["role"], people[0]["state"]), (s.user, "admin", "active"), "the first person is the administrator")
    got = one(s, "Person/set", create={"a": {"address": "marco@azienda.example", "name": "Marco", "password": "una buona password"}, "b": {"address": "x@altrove.example", "name": "X", "password": "una buona password"},
                                       "c": {"address": "corta@azienda.example", "password": "x"}})
    t.ok("a" in got.get("created", {}) and set(got["notCreated"]) == {"b", "c"}, "Person/set create", got)
    marco = got["created"]["a"]["id"]
    t.is_(one(s, "Person/set", update={people[0]["id"]: {"role": "member"}})["notUpdated"][people[0]["id"]]["type"], "forbidden", "the last administrator stays")
    t.is_(s.send(plain(500), to="marco@azienda.example")[0], 250, "the new person gets mail")
    t.is_(list(one(s, "Person/set", update={marco: {"state": "disabled", "name": "Marco B."}})["updated"]), [marco], "disabled")
    s.send(b"x", to="nessuno@azienda.example")
    rows = one(s, "Delivery/query", limit=5)["list"]
    t.ok(rows and rows[0]["outcome"] in ("accepted", "refused") and "subject" not in rows[0], "Delivery/query", rows[:1])
    trace = one(s, "Delivery/get", ids=[next(r["id"] for r in rows if r["outcome"] == "accepted"), "azz.azz"])
    t.ok(len(trace["list"]) == 1 and trace["notFound"] == ["azz.azz"], "Delivery/get", trace)
    t.ok(any(r.get("role") == "net" for r in one(s, "Health/get").get("roles", [])), "Health/get")


def by_the_book(s):
    def post(body, using=MAIL):
        status, h, answer = s.request("POST", "/jmap/api", body=body if isinstance(body, bytes) else {"using": list(using), "methodCalls": body})
        return status, json.loads(answer)
    core = ["urn:ietf:params:jmap:core"]
    for body, want in ((b"{", "notJSON"), (b'{"using":[],"using":[]}', "notJSON"), (b"[]", "notRequest"), (b"[" * 100000, "notJSON"), (b'{"using":["x"],"methodCalls":[]}', "unknownCapability")):
        status, answer = post(body)
        t.is_((status, answer["type"]), (400, "urn:ietf:params:jmap:error:" + want), f"{body[:20]}: {want}")
    status, answer = post([["Core/echo", {}, str(i)] for i in range(33)])
    t.is_((status, answer["type"], answer["limit"]), (400, "urn:ietf:params:jmap:error:limit", "maxCallsInRequest"), "maxCallsInRequest")
    t.is_(post([["Core/echo", {"a": [1, None, {"b": 1.5}]}, "x"]], core)[1]["methodResponses"], [["Core/echo", {"a": [1, None, {"b": 1.5}]}, "x"]], "Core/echo")
    a = {"accountId": s.account}
    for name, args, want in (("Nope/get", {}, "unknownMethod"), ("Email/get", {**a, "ids": [1]}, "invalidArguments"), ("Email/get", {**a, "ids": ["x" * 100000]}, None),
                             ("Email/get", {**a, "ids": ["a"] * 501}, "requestTooLarge"), ("Email/query", {**a, "limit": "1"}, "invalidArguments"),
                             ("Email/query", {**a, "filter": {"operator": "XOR", "conditions": []}}, "invalidArguments"), ("Email/query", {**a, "filter": 5}, "invalidArguments"),
                             ("Email/set", {**a, "update": []}, "invalidArguments"), ("Email/set", {**a, "create": {"a b": {}}}, "invalidArguments"),
                             ("Email/set", {**a, "destroy": ["a"] * 501}, "requestTooLarge"), ("Email/copy", {**a, "fromAccountId": "azzz", "create": {}}, "fromAccountNotFound"),
                             ("Blob/copy", {**a, "fromAccountId": "azzz", "blobIds": []}, "fromAccountNotFound"), ("Email/get", {"accountId": "aaaaaaa", "ids": []}, "accountNotFound"),
                             ("Email/get", {**a, "#ids": {"resultOf": "z", "name": "x", "path": "/"}}, "invalidResultReference"), ("EmailSubmission/set", a, "unknownMethod"),
                             ("Email/queryChanges", {**a, "sinceQueryState": "nonsense"}, "cannotCalculateChanges"), ("Email/query", {**a, "anchor": "azzzz"}, "anchorNotFound")):
        answer = post([[name, args, "x"]])[1]["methodResponses"][0]
        t.ok(answer[0] == (name if want is None else "error") and (want is None or answer[1]["type"] == want), f"{name} {str(args)[:60]}: {want}", str(answer)[:300])
    created = s.request("POST", "/jmap/api", body={"using": list(MAIL), "createdIds": {"k": "azz"}, "methodCalls": [["Mailbox/set", {**a, "create": {"m": {"name": "Ultima"}}}, "0"], ["Mailbox/set", {**a, "destroy": ["#m"]}, "1"]]})
    answer = json.loads(created[2])
    t.ok(answer["createdIds"]["k"] == "azz" and "m" in answer["createdIds"] and len(answer["methodResponses"][1][1]["destroyed"]) == 1, "createdIds across calls", answer)
    identity = one(s, "Identity/get", ids=None)["list"]
    t.is_(identity[0]["email"], s.user, "Identity/get")


def strangers(s):
    """Every method, asked by another firm's person with this firm's ids."""
    s.verb("firm", "add", "--state", s.state, "Altra", "--domain", "altra.example")
    s.verb("user", "add", "--state", s.state, "capo@altra.example", "--name", "Capo", "--password-stdin", stdin="correct horse battery")
    s.verb("user", "add", "--state", s.state, "altro@azienda.example", "--name", "Altro", "--password-stdin", stdin="correct horse battery")
    mine, user, ids = s.account, s.user, [e["id"] for e in s.emails(properties=["id"])]
    blob = one(s, "Email/get", ids=ids[:1], properties=["blobId"])["list"][0]["blobId"]
    for other in ("capo@altra.example", "altro@azienda.example"):
        s.user = other
        del s.account
        own = one(s, "Email/get", ids=ids[:50])
        t.is_((own["list"], len(own["notFound"])), ([], len(ids[:50])), f"{other}: ids of others are not found")
        theirs = s.account
        t.ok(theirs != mine or other.endswith("altra.example"), "another account")
        if theirs != mine:
            t.is_([s.request("GET", f"/download/{mine}/{blob}/x")[0], s.request("GET", f"/download/{theirs}/{blob}/x")[0]], [404, 404], f"{other}: no download")
            answer = s.jmap(("Email/get", {"accountId": mine, "ids": ids[:1]}), ("Person/get", {"accountId": mine}), using=MAIL)
            t.is_([x[1]["type"] for x in answer], ["accountNotFound", "accountNotFound" if other.endswith("altra.example") else "forbidden"], f"{other}: no such account, or forbidden")
        if other.endswith("azienda.example"):
            names = [("Person/get", {}), ("Person/set", {}), ("Domain/get", {}), ("Domain/set", {}), ("Delivery/query", {}), ("Delivery/get", {"ids": []}), ("Health/get", {})]
            t.is_([x[1].get("type") for x in s.jmap(*names, using=MAIL)], ["forbidden"] * len(names), "a member may not administrate")
            session = json.loads(s.request("GET", "/jmap/session")[2])
            t.ok("urn:sigillo:admin" not in session["accounts"][s.account]["accountCapabilities"], "nor does the session say so")
    s.user, s.account = user, mine


def crowded(s):
    """More requests of one account at once than the session allows: some are refused by the book, none hangs."""
    answers = []

    def ask():
        status, _, body = s.request("POST", "/jmap/api", body={"using": list(MAIL), "methodCalls": [["Email/query", {"accountId": s.account, "filter": {"header": ["X-None"]}}, str(i)] for i in range(8)]})
        answers.append((status, json.loads(body)))
    threads = [threading.Thread(target=ask) for _ in range(40)]
    for x in threads:
        x.start()
    for x in threads:
        x.join(60)
    t.ok(len(answers) == 40 and all(status == 200 or body["type"].endswith("limit") or status in (429, 503) for status, body in answers), "forty at once are answered or refused by the book",
         [(status, str(body)[:200]) for status, body in answers if status != 200][:3])
    t.is_(s.request("POST", "/jmap/api", body={"using": list(MAIL), "methodCalls": []})[0], 200, "and the next one is answered")


def pushed(s):
    """A change made here is told by EventSource."""
    import http.client, base64
    c = http.client.HTTPConnection("127.0.0.1", s.http_port, timeout=60)
    auth = "Basic " + base64.b64encode(f"{s.user}:correct horse battery".encode()).decode()
    c.request("GET", "/events?types=*&closeafter=state&ping=30", headers={"Authorization": auth})
    r = c.getresponse()
    got = {}

    def listen():
        got["text"] = r.read().decode()
    th = threading.Thread(target=listen)
    th.start()
    time.sleep(0.3)
    e = s.emails(properties=["id", "keywords"])[0]
    one(s, "Email/set", update={e["id"]: {"keywords/$flagged": True}})
    th.join(10)
    t.ok('"StateChange"' in got.get("text", "") and '"Email"' in got["text"], "Email/set is told by EventSource", got)
    t.is_([x["id"] for x in one(s, "Email/get", ids=one(s, "Email/query", filter={"inMailbox": s.mailbox()["id"], "hasKeyword": "$flagged"})["ids"], properties=["id"])["list"]], [e["id"]], "flagged mail is found by its index")


pg = os.environ.get("SIGILLO_PG_URL")
with Server(sets=["auth.check=no"] + (["db.engine=postgresql", f"db.url={pg}"] if pg else [])) as s:  # no resolver here
    e = reading(s)
    blob = blobs(s, e)
    changing(s)
    drafts(s, e, blob)
    searching(s)
    held(s)
    admin(s)
    by_the_book(s)
    pushed(s)
    crowded(s)
    strangers(s)
    log = s.logged()
    t.is_(s.stop(), 0, "SIGTERM ends it with exit 0")
    p = s.verb("verify", "--state", s.state, check=False)
    t.is_(p.returncode, 0, "verify finds the state sound")
    print("\n".join("# " + line for line in p.stdout.splitlines()[-12:]), flush=True)
    t.ok(" bug " not in log, "no bug was logged", "\n".join(line for line in log.splitlines() if " bug " in line)[:2000])
sys.exit(t.done())
