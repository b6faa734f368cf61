CREATE INDEX notices_by_day ON notices (posted_at);
