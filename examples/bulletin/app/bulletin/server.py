"""HTTP: which path asks for what, and in which form the answer goes back."""
import http.server
import json
import logging
import os
import re
import signal
import sqlite3
import threading

from . import VERSION, pages
from .board import Board, Refused

BODY_LIMIT = 64 * 1024
log = logging.getLogger("bulletin")


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    # A request under way is finished before the process ends; see `serve`.
    daemon_threads = False
    block_on_close = True

    def __init__(self, address, name, board):
        super().__init__(address, Handler)
        self.name = name
        self.board = board


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = f"bulletin/{VERSION}"
    # Of a client that stops talking in the middle of a request.
    timeout = 5

    def do_GET(self):
        self.answer(self.get)

    def do_POST(self):
        self.answer(self.post)

    def get(self):
        board = self.server.board
        path = self.path.partition("?")[0]
        if path == "/":
            return self.send(200, pages.front(board.notices()), "text/html; charset=utf-8")
        if path == "/version":
            return self.send_json(200, {"version": VERSION, "instance": self.server.name})
        if path == "/health":
            return self.health(board)
        if path == "/notices":
            return self.send_json(200, board.notices())
        if found := re.fullmatch(r"/notices/([0-9]{1,18})", path):
            notice = board.notice(int(found[1]))
            return self.send_json(200, notice) if notice else self.send_json(404, {"error": "no such notice"})
        return self.send_json(404, {"error": "no such page"})

    def post(self):
        if self.path != "/notices":
            return self.send_json(404, {"error": "no such page"})
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            return self.send_json(411, {"error": "the request says no length"})
        if int(length) > BODY_LIMIT:
            return self.send_json(413, {"error": f"a notice has at most {BODY_LIMIT} bytes"})
        try:
            fields = json.loads(self.rfile.read(int(length)))
            notice = self.server.board.post(fields)
        except (ValueError, Refused) as error:
            return self.send_json(400, {"error": str(error)})
        return self.send_json(201, notice, {"Location": f"/notices/{notice['id']}"})

    def health(self, board):
        answer = {"version": VERSION, "instance": self.server.name, "database": "ok"}
        try:
            board.ping()
        except sqlite3.Error as error:
            return self.send_json(503, answer | {"database": str(error)})
        return self.send_json(200, answer)

    def answer(self, respond):
        try:
            respond()
        except (BrokenPipeError, ConnectionResetError):
            log.info("the client left before its answer: %s %s", self.command, self.path)
        except Exception:
            log.exception("%s %s failed", self.command, self.path)
            self.send_json(500, {"error": "internal error"})

    def send_json(self, status, value, headers=None):
        self.send(status, json.dumps(value, ensure_ascii=False) + "\n", "application/json", headers)

    def send(self, status, text, kind, headers=None):
        data = text.encode("utf-8")
        # One request a connection: an instance that is stopped leaves no half-open connection in a client's pool.
        self.close_connection = True
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), "Connection": "close"}.items():
            self.send_header(name, value)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *arguments):
        log.info(format, *arguments)


def serve(options):
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    server = Server((options.host, options.port), options.name, Board(options.database))
    for number in (signal.SIGTERM, signal.SIGINT):
        # `shutdown` waits for the loop, which runs on the thread that gets the signal.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    if options.pid_file:
        write_pid_file(options.pid_file)
    log.info("%s %s listens on %s:%s", options.name, VERSION, options.host, options.port)
    try:
        server.serve_forever(poll_interval=0.05)
        server.server_close()
    finally:
        if options.pid_file:
            options.pid_file.unlink(missing_ok=True)
    log.info("%s %s ended", options.name, VERSION)


def write_pid_file(path):
    """In one piece, so that nobody reads half of it; only who holds the port gets here."""
    part = path.with_suffix(".part")
    part.write_text(f"{os.getpid()} {VERSION}\n", encoding="utf-8")
    part.rename(path)
