"""Runs a program under ptrace and does something to the N-th system call that could matter, whichever thread makes it.

A seccomp filter lets everything pass but the calls of `FILTERED`, so that a run costs some hundred stops. The count goes over
all threads and processes of the chosen roles in the order in which the kernel stops them; strace's `when=N` counts each thread
on its own and never reaches the N-th call of a thread whose sibling has made as many before it.

Roles: `engine` is the program that was started, `supervisor` every process that became shipit-supervisor. A process that is
about to become a command counts as what its parent is (the call is then shown as `spawn`). Commands themselves are let alone.
x86_64 only.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long

CONT, GETREGS, SETREGS, SEIZE, LISTEN = 7, 12, 13, 0x4206, 0x4208
EVENT_EXEC, EVENT_SECCOMP, EVENT_STOP = 4, 7, 128
# Follow fork, vfork, clone and exec; stop at what the filter names; and nothing outlives the tracer.
OPTIONS = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 7 | 1 << 20
WALL = 0x40000000
O_CREAT = 0x40

FILTERED = {
    1: "write", 18: "pwrite64", 20: "writev", 74: "fsync", 75: "fdatasync", 77: "ftruncate", 285: "fallocate",
    82: "rename", 264: "rename", 316: "rename", 87: "unlink", 263: "unlink", 83: "mkdir", 258: "mkdir",
    2: "open", 257: "open", 91: "fchmod", 44: "send", 46: "send", 59: "spawn",
}
ON_FILE = {"write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "fallocate", "fchmod"}
NAMES_PATH = {82: 0, 264: 1, 316: 1, 87: 0, 263: 1, 83: 0, 258: 1, 2: 0, 257: 1}
ORIG_RAX, RAX, RDX = 15, 10, 12
ARGUMENTS = (14, 13, 12, 7, 9, 8)


class Fault:
    """What is to be done at which of the calls that count.

    `kill`: roles to be killed there; `error`: errno to be answered instead; `short`: only half of a write is done.
    `forever`: at every call from the N-th on. `only`: the calls that count, by name; all when `None`.
    """

    def __init__(self, at=None, roles=("engine", "supervisor"), kill=(), error=None, short=False, forever=False,
                 only=None):
        self.at, self.roles, self.kill = at, roles, kill
        self.error, self.short, self.forever, self.only = error, short, forever, only

    def mend(self):
        self.at = None


def is_supported():
    return sys.platform == "linux" and platform.machine() == "x86_64"


def ptrace(request, tid, address=0, data=0):
    if LIBC.ptrace(request, tid, address, data) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def install_filter():
    """In the child, before it becomes the program: stop at the filtered calls, let all others pass."""
    load, jump_equal, jump_set, answer = 0x20, 0x15, 0x45, 0x06
    trace, allow = 0x7FF00000, 0x7FFF0000
    program = [(load, 0, 0, 0)]
    for number in FILTERED:
        flags = {2: 24, 257: 32}.get(number)
        if flags is None:
            program += [(jump_equal, 0, 1, number), (answer, 0, 0, trace)]
        else:  # Only an open that may create a file.
            program += [(jump_equal, 0, 4, number), (load, 0, 0, flags), (jump_set, 0, 1, O_CREAT),
                        (answer, 0, 0, trace), (answer, 0, 0, allow)]
    program.append((answer, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    filter_program = Program(len(program), ctypes.addressof(code))
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    if LIBC.prctl(no_new_privileges, 1, 0, 0, 0) or LIBC.prctl(
            set_seccomp, mode_filter, ctypes.byref(filter_program), 0, 0):
        os._exit(126)


class Tracer:
    """One traced run. As soon as the program has ended, `on_end` is told its wait status, the points, the one that was hit first,
    and how many commands were started after that; the tracing goes on until every process below it has ended, too."""

    def __init__(self, argv, folder, variables, output, fault, on_end):
        self.fault, self.on_end = fault, on_end
        self.points, self.hit, self.spawned_since = [], None, 0
        self.supervisors, self.spawning = set(), set()
        self.engine = os.fork()
        if self.engine == 0:
            os.chdir(folder)
            null, out = os.open("/dev/null", os.O_RDONLY), os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for source, number in ((null, 0), (out, 1), (out, 2)):
                os.dup2(source, number)
            os.closerange(3, 256)
            os.kill(os.getpid(), signal.SIGSTOP)
            install_filter()
            os.execve(argv[0], argv, variables)
        os.waitpid(self.engine, os.WUNTRACED)
        ptrace(SEIZE, self.engine, 0, OPTIONS)
        os.kill(self.engine, signal.SIGCONT)

    def run(self):
        while True:
            try:
                tid, status = os.waitpid(-1, WALL)
            except ChildProcessError:
                return
            if os.WIFSTOPPED(status):
                try:
                    self.stopped(tid, os.WSTOPSIG(status), status >> 16)
                except OSError as error:  # It was killed while it was stopped.
                    if error.errno not in (errno.ESRCH, errno.EIO):
                        raise
            elif tid == self.engine:
                self.on_end(status=status, points=self.points, hit=self.hit, spawned_since=self.spawned_since)

    def stopped(self, tid, number, event):
        if event == EVENT_SECCOMP:
            self.at_call(tid)
        elif event == EVENT_EXEC and executable(tid) == "shipit-supervisor":
            self.supervisors.add(tid)
        if event == EVENT_STOP and number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            ptrace(LISTEN, tid)
        else:
            ptrace(CONT, tid, 0, 0 if event else number)

    def at_call(self, tid):
        registers = (ctypes.c_ulonglong * 27)()
        ptrace(GETREGS, tid, 0, ctypes.addressof(registers))
        number = registers[ORIG_RAX]
        call, role = FILTERED[number], self.role(tid, FILTERED[number])
        if call == "spawn":
            process = tid, start_time(tid)
            if process in self.spawning:  # Programs are looked up by trying.
                return
            self.spawning.add(process)
            self.spawned_since += role == "supervisor" and self.hit is not None
        if role not in self.fault.roles or (self.fault.only and call not in self.fault.only):
            return
        target = self.target(tid, call, number, registers)
        if target is None:
            return
        self.points.append((role, call, target))
        count = len(self.points)
        if self.fault.at is None or not (count == self.fault.at or self.fault.forever and count > self.fault.at):
            return
        self.hit = self.hit or (role, call, target)
        if self.fault.kill:
            for process in (self.engine, *self.supervisors):
                if ("engine" if process == self.engine else "supervisor") in self.fault.kill:
                    kill(process)
        elif call in ("send", "spawn"):
            return
        elif self.fault.short and call in ("write", "pwrite64") and registers[RDX] > 1:
            registers[RDX] //= 2
            ptrace(SETREGS, tid, 0, ctypes.addressof(registers))
        elif self.fault.error:
            registers[ORIG_RAX] = 2**64 - 1
            registers[RAX] = 2**64 - self.fault.error
            ptrace(SETREGS, tid, 0, ctypes.addressof(registers))

    def role(self, tid, call):
        status = proc_status(tid)
        process = status.get("Tgid")
        if call == "spawn":
            process = status.get("PPid")
        if process == self.engine:
            return "engine"
        return "supervisor" if process in self.supervisors else None

    def target(self, tid, call, number, registers):
        """What the call is about, in short; `None` where it is no point: pipes, terminals, wake-ups."""
        if call in ON_FILE or call == "send":
            try:
                path = os.readlink(f"/proc/{tid}/fd/{registers[ARGUMENTS[0]]}")
            except OSError:
                return None
            if call == "send":
                return "socket" if path.startswith("socket:") else None
            return short_name(path) if "/.shipit" in path else None
        if call == "spawn":
            return "process"
        return short_name(text(tid, registers[ARGUMENTS[NAMES_PATH[number]]]))


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


def executable(tid):
    try:
        return os.path.basename(os.readlink(f"/proc/{tid}/exe"))
    except OSError:
        return ""


def proc_status(tid):
    try:
        with open(f"/proc/{tid}/status") as file:
            return {key: int(value) for key, _, value in (line.partition(":") for line in file) if key in ("Tgid", "PPid")}
    except OSError:
        return {}


def start_time(tid):
    try:
        with open(f"/proc/{tid}/stat") as file:
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def text(tid, address):
    try:
        with open(f"/proc/{tid}/mem", "rb", 0) as memory:
            memory.seek(address)
            return memory.read(256).partition(b"\0")[0].decode(errors="replace")
    except OSError:
        return "?"


def short_name(path):
    """The file's kind, the same in every run: ids, digests and scratch numbers are left out."""
    name = path.rstrip("/").rpartition("/")[2]
    for mark in ("nosync", "partial", ".tmp"):
        if mark in name:
            return "temporary file"
    return name if not any(part in path for part in ("/trees/", "/runs/2")) or "." in name else "folder of the run"
