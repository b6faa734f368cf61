ALTER TABLE notices ADD COLUMN category TEXT NOT NULL DEFAULT 'general';

-- "Lost: one grey glove" belongs to the category "lost".
UPDATE notices
SET category = lower(trim(substr(title, 1, instr(title, ':') - 1)))
WHERE instr(title, ':') BETWEEN 2 AND 20;

CREATE INDEX notices_by_category ON notices (category);
