-- Full text beside the cell: rebuildable, never in a backup. mark: how far the indexer has read the cell, per account.
CREATE TABLE search_mark (
    org integer NOT NULL,
    account integer NOT NULL,
    seq integer NOT NULL,
    PRIMARY KEY (org, account)
) WITHOUT ROWID;
