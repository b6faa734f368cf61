"""What a year of clocks shows, minute by minute: slow, and sure. Reads lines from standard input:

    cron ZONE EXPRESSION        prints the seconds since 1970 at which it runs
    window ZONE DAY START END   prints the seconds at which it opens or closes (DAY 0 is Monday, minutes of the day)

from 2026-01-01 to 2027-01-01 UTC. Stars are croniter's where it is told no zone: it is asked whether a time of the clock
matches. What happens when clocks are set is decided here, by zoneinfo alone: croniter has rules of its own for that.
"""
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

START, END = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2027, 1, 1, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def clocks(zone):
    """Each minute of the year (and a few days before) with what the clocks show then."""
    info = ZoneInfo(zone)
    now = START - timedelta(days=3)
    while now < END:
        yield now, now.astimezone(info).replace(tzinfo=None)
        now += MINUTE


def nominal(expression):
    """The times at which it would run if clocks were never set, and a few days more."""
    times, step = set(), croniter(expression, datetime(2025, 12, 25))
    while (time := step.get_next(datetime)) < datetime(2027, 1, 5):
        times.add(time)
    return times


def cron(zone, expression):
    times = nominal(expression)
    fields = expression.split()
    if any(field.startswith("*") for field in fields[:2]):
        return [now for now, shown in clocks(zone) if shown in times]
    # Each time once: at the first minute at which the clocks show it or a later one.
    fired, waiting = [], sorted(times)
    place = 0
    for now, shown in clocks(zone):
        due = False
        while place < len(waiting) and waiting[place] <= shown:
            place, due = place + 1, True
        if due:
            fired.append(now)
    return fired


def window(zone, day, start, end):
    changes, was_open = [], None
    for now, shown in clocks(zone):
        minute = shown.hour * 60 + shown.minute
        if start < end:
            is_open = shown.weekday() == day and start <= minute < end
        else:
            before = (shown.weekday() - 1) % 7
            is_open = (shown.weekday() == day and minute >= start) or (before == day and minute < end)
        if was_open is not None and is_open != was_open:
            changes.append(now)
        was_open = is_open
    return changes


for line in sys.stdin:
    kind, zone, *rest = line.split()
    found = cron(zone, " ".join(rest)) if kind == "cron" else window(zone, *map(int, rest))
    print(" ".join(str(int(at.timestamp())) for at in found if START <= at < END), flush=True)
