DROP INDEX notices_by_category;
ALTER TABLE notices DROP COLUMN category;
