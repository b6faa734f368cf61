-- There is no way back from this one but a backup.
UPDATE notices SET body = substr(body, 1, 24) || '…' WHERE length(body) > 24;
