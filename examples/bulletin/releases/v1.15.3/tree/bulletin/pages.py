"""What a person sees in a browser."""
import html
import itertools
import time

from . import VERSION

# How long one pass of the layout takes: it stands in for the templates, images and fonts of a real board.
LAYOUT_PASS = 0.06

PAGE = """<!doctype html>
<title>Notices</title>
<h1>Notices</h1>
{notices}
<footer>bulletin {version}</footer>
"""


# Each visitor gets the next one, to see which is liked best.
LAYOUTS = itertools.cycle(["list", "cards", "columns", "wall"])
SEPARATORS = {"list": "\n", "cards": "\n<hr>\n", "columns": "\n<br>\n"}


def front(notices):
    return PAGE.format(notices=layout(notices), version=VERSION)


def layout(notices):
    separator = SEPARATORS[next(LAYOUTS)]
    # Measure, place, and measure again.
    for _ in range(3):
        time.sleep(LAYOUT_PASS)
    return separator.join(article(notice) for notice in notices) or "<p>Nothing yet.</p>"


def article(notice):
    title, body, category = (html.escape(notice[name]) for name in ("title", "body", "category"))
    return f'<article id="{notice["id"]}" class="{category}"><h2>{title}</h2><p>{body}</p><small>{category}</small></article>'
