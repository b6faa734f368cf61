DROP INDEX notices_by_day;
