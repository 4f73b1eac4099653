-- What a person last said of a message (Guard/report): shown with it from then on, to every session. Goes with the message.
CREATE TABLE reported (
    org integer NOT NULL,
    message integer NOT NULL,
    account integer NOT NULL,
    what integer NOT NULL,           -- enum mail_report
    at_ms integer NOT NULL,
    who text NOT NULL,
    PRIMARY KEY (org, message)
);
