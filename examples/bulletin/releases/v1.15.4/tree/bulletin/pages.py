"""What a person sees in a browser."""
import html
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


def front(notices):
    return PAGE.format(notices=layout(notices), version=VERSION)


def layout(notices):
    time.sleep(LAYOUT_PASS)
    return "\n".join(article(notice) for notice in notices) or "<p>Nothing yet.</p>"


def article(notice):
    title, body, category = (html.escape(notice[name]) for name in ("title", "body", "category"))
    return f'<article id="{notice["id"]}" class="{category}"><h2>{title}</h2><p>{body}</p><small>{category}</small></article>'
