#!/usr/bin/env python3
"""A message whose 250 was written is never suppressed again: also when the mark of it went along with a commit that was refused."""
import sys, time
from sigillo import Server, Tap

t = Tap()


def mail(name):
    return f"From: Anna <anna@rossimarmi.example>\r\nTo: info@azienda.example\r\nMessage-ID: <{name}@rossimarmi.example>\r\nSubject: {name}\r\n\r\nTesto di {name}\r\n".encode()


def accepted(s, name):
    """The id of the transaction; None: the connection went before the reply."""
    try:
        code, text = s.send(mail(name), sender="anna@rossimarmi.example")
    except OSError:
        return None
    except Exception as e:  # smtplib's own
        return None if "closed" in str(e).lower() else str(e)
    return text.split("Accepted as ")[1].split(":")[0] if code == 250 else text


with Server(sets=["auth.check=no"], env={"SIGILLO_FAULT": "net:intake.reply:2:kill"}) as s:
    s.mailbox()
    t.ok(accepted(s, "primo"), "a first message")
    t.is_(accepted(s, "orfano"), None, "net dies between the commit and the 250")
    for _ in range(200):
        try:
            with s.smtp(timeout=5) as c:
                c.noop()
            break
        except OSError:
            time.sleep(0.05)
    first = accepted(s, "ripetuto")
    orphan = accepted(s, "orfano")  # a resend: its commit is refused, and the mark of the message before it rode on it
    time.sleep(2.5)
    t.is_(s.stop(), 0, "the server ends")
    s.env = {}
    s.start()
    again = accepted(s, "ripetuto")
    t.ok(first and again and first != again, "an equal message after a 250 is a new one", (first, again))
    t.ok(orphan and accepted(s, "orfano") not in (None, orphan), "so is one whose resend was answered", orphan)
    subjects = [m["subject"] for m in s.emails("inbox", properties=["subject"])]
    t.is_({x: subjects.count(x) for x in ("primo", "orfano", "ripetuto")}, {"primo": 1, "orfano": 2, "ripetuto": 2}, "each is there as often as it was acknowledged anew")
sys.exit(t.done())
