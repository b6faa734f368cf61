"""A user's project in a scratch folder, the person who brings an interrupted run to its end, and what must hold then."""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from pipelines import AFTER, START, STOP, TAG

LIMIT = 60


class Failure(Exception):
    """Something that must hold did not."""


def require(condition, message):
    if not condition:
        raise Failure(message)


def binaries():
    """The folder of the built programs: SHIPIT_TEST_BIN, else the debug build."""
    default = pathlib.Path(__file__).resolve().parents[2] / ".build/debug"
    folder = pathlib.Path(os.environ.get("SHIPIT_TEST_BIN") or default).resolve()
    if not (folder / "shipit").exists() or not (folder / "shipit-supervisor").exists():
        raise SystemExit(f"shipit and shipit-supervisor are not in {folder}: build them, or set SHIPIT_TEST_BIN")
    return folder


def make_template(root, pipeline):
    """A repository with one tagged commit, to be copied for each run."""
    (root / "pipelines").mkdir(parents=True)
    (root / "ops").mkdir()
    (root / "pipelines/deploy.yaml").write_text(pipeline.text)
    (root / "pipelines/after.yaml").write_text(AFTER)
    (root / ".gitignore").write_text(".shipit/\n*.log\npid-*\nup-*\n")
    for name, text in (("start", START), ("stop", STOP)):
        (root / "ops" / name).write_text(text)
        (root / "ops" / name).chmod(0o755)
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "Release"],
                  [*who, "tag", "-a", "-m", "Release", TAG]):
        subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
    return root


class Project:
    """Everything of it, its processes too, is known by the name of its folder."""

    def __init__(self, template, pipeline, base):
        self.pipeline = pipeline
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=base))
        self.root = self.base / "project"
        shutil.copytree(template, self.root, symlinks=True)
        (self.base / "home").mkdir()
        self.shipit_path = str(binaries() / "shipit")
        self.variables = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.base / "home"),
                          "USER": "ana", "LANG": "C.UTF-8", "TERM": "dumb"}
        #: What every command is started by.
        self.wrapper = []
        #: The system call that was disturbed: role, name, what it was about.
        self.hit = None
        #: Every command and what it said, for whoever has to look into a failure.
        self.story = []

    # Commands

    def shipit(self, *words, expect=None):
        done = subprocess.run([*self.wrapper, self.shipit_path, *words], cwd=self.root, env=self.variables, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        self.story.append(f"$ shipit {' '.join(words)} → {done.returncode}\n{done.stdout}{done.stderr}")
        require(done.returncode >= 0, f"shipit {words[0]} died of signal {-done.returncode}")
        require("Fatal error" not in done.stderr, f"shipit {words[0]} crashed")
        if expect is not None:
            require(done.returncode in expect, f"shipit {' '.join(words)} ended with {done.returncode}, not {expect}")
        return done

    def status(self, run="latest"):
        done = self.shipit("status", run, "--output", "json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def runs(self):
        return json.loads(self.shipit("runs", "--output", "json", expect=[0]).stdout)

    def journal(self, run="latest"):
        done = self.shipit("journal", run, "--output", "jsonl", expect=[0])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def questions(self, run):
        """`(part, stage)` of whatever ended so that nobody knows how, and has not been answered."""
        asked = {}
        for entry in self.journal(run):
            part, end = part_of(entry)
            if end:
                asked[part] = end == "Finished" and entry.get("verdict") == "unknown"
            elif entry["type"] == "operatorActed":
                asked = {part: False if part[1] == entry.get("stage") else open for part, open in asked.items()}
        return [part for part, is_open in asked.items() if is_open]

    # What happened

    def effects(self):
        """`(name, key)` of every effect, in order."""
        try:
            lines = (self.root / "effects.log").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [tuple(line.split(" ", 1)) for line in lines]

    def names(self):
        return [name for name, _ in self.effects()]

    # Processes

    def processes(self):
        """Living processes of this project, without the services that a stage was allowed to leave."""
        mark, found = str(self.base).encode(), []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                folder = os.readlink(f"/proc/{entry}/cwd").encode()
                words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes()
                state = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
                if state in "ZX" or not (mark in folder or mark in words):
                    continue
                found.append((int(entry), words.replace(b"\0", b" ").decode(errors="replace").strip()))
            except OSError:
                continue
        return found

    def until_no_process(self, limit=8):
        deadline = time.monotonic() + limit
        while True:
            left = [entry for entry in self.processes() if "sleep 7777" not in entry[1] and "python" not in entry[1]]
            if not left:
                return
            require(time.monotonic() < deadline, f"still alive: {left}")
            time.sleep(0.02)

    def remove(self):
        for process, words in self.processes():
            if "python" not in words:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        subprocess.run(["chmod", "-R", "u+rwX", str(self.base)], check=False, capture_output=True)
        shutil.rmtree(self.base, ignore_errors=True)

    # The person

    def bring_to_end(self):
        """Resumes until the run has an outcome, answering what is asked by looking at the effects: done if the effect is
        there, else rerun. Returns the last exit code, how often it was asked, and the stages that were said to be rerun."""
        asked, rerun = 0, []
        for _ in range(12):
            status = self.status()
            if status is None:
                code = self.shipit("deploy", TAG).returncode
                continue
            if status["run"]["outcome"] is not None:
                return self.shipit("resume", status["run"]["id"]).returncode, asked, rerun
            for gate in status["gates"]:
                if gate["state"] == "waiting":
                    self.shipit("approve", status["run"]["id"], gate["name"].removeprefix("approval:"), "--as", "cat",
                                expect=[0])
            # Before a resume has looked, nobody asks yet.
            questions = self.questions(status["run"]["id"]) if status["run"]["state"] == "paused" else []
            answers = []
            for part, stage in questions:
                asked += 1
                name = EFFECT_OF[part] + (stage if part != "finally" else "")
                is_done = self.names().count(name) >= self.pipeline.needed.get(name, 1)
                if not is_done:
                    rerun.append(name)
                answers += ["--stage", f"{stage}={'done' if is_done else 'rerun'}"]
            code = self.shipit("resume", status["run"]["id"], *answers).returncode
            require(code in (0, 3, 4, 5, 6), f"resume ended with {code}")
        raise Failure(f"no end after 12 times resume (last exit code {code})")


#: What an event's type begins with, and what the effects of that part of a stage begin with.
EFFECT_OF = {"attempt": "", "undo": "undo-", "finally": "finally"}


def part_of(entry):
    """`(part, stage)` of an event about an attempt, and whether it `Started` or `Finished`; `None` for other events."""
    for end in ("Started", "Finished"):
        part = entry["type"].removesuffix(end)
        if part in EFFECT_OF and part != entry["type"]:
            return (part, entry["stage"]), end
    return None, None


class Ideal:
    """How the run ends when nobody disturbs it."""

    def __init__(self, project, code):
        status = project.status()
        self.code, self.outcome, self.names = code, status["run"]["outcome"], project.names()
        self.outputs = outputs(status)


def outputs(status):
    return {stage["name"]: stage["outputs"] for stage in status["stages"]}


def judge(project, ideal, code, asked, may_ask):
    """What must hold at the end, however often it was interrupted."""
    pipeline = project.pipeline
    require(code == ideal.code, f"exit code {code}, untouched it is {ideal.code}")
    status = project.status()
    require(status["run"]["outcome"] == ideal.outcome, f"{status['run']['outcome']}, untouched it is {ideal.outcome}")
    if not may_ask:
        require(asked == 0, f"it asked {asked} times although the supervisor lived")
        require(outputs(status) == ideal.outputs, f"outputs {outputs(status)}, untouched they are {ideal.outputs}")

    entries = project.journal(status["run"]["id"])
    sequences = [entry["sequence"] for entry in entries]
    require(sequences == list(range(1, len(entries) + 1)), f"the journal has a gap: {sequences}")
    judge_attempts(entries)
    judge_signatures(entries)

    repeated = [effect for effect, count in collections.Counter(project.effects()).items() if count > 1]
    require(not repeated, f"the same attempt had its effect twice: {repeated}")
    names = project.names()
    if may_ask and pipeline.reruns:
        # What its author allows to be run again may have been, openly; nothing may be missing.
        require(set(names) == set(ideal.names), f"effects {names}, untouched they are {ideal.names}")
        once = [name for name in names if not name.startswith(("start-", "stop-"))]
        require(len(once) == len(set(once)), f"effects {names}")
    elif may_ask and "finally" in names:
        # One of unknown outcome is not asked about where a rollback comes first: it runs once more after that anyway.
        rest = [name for name in names if name != "finally"]
        require(rest == [name for name in ideal.names if name != "finally"] and names[-1] == "finally",
                f"effects {names}, untouched they are {ideal.names}")
    elif pipeline.ordered:
        require(names == ideal.names, f"effects {names}, untouched they are {ideal.names}")
    else:
        require(sorted(names) == sorted(ideal.names), f"effects {names}, untouched they are {ideal.names}")
    require(len({run["id"] for run in project.runs()}) == 1, "there is more than one run")
    project.until_no_process()
    # Nothing has to be mended by hand for the next one.
    project.shipit("deploy", TAG, "--pipeline", "after", expect=[0])


def judge_attempts(entries):
    """Nothing is started again after its success. (A `finally` is, by contract, once more after a later rollback.)"""
    succeeded = set()
    for entry in entries:
        part, end = part_of(entry)
        if end == "Started" and part[0] != "finally":
            require(part not in succeeded, f"{part} was started again after its success")
        elif end == "Finished" and entry.get("verdict") == "succeeded":
            succeeded.add(part)


def judge_signatures(entries):
    """Each role signs once, and nothing starts before all have."""
    types = [entry["type"] for entry in entries]
    signed = [entry["role"] for entry in entries if entry["type"] == "approvalGiven"]
    waited = [entry["role"] for entry in entries if entry["type"] == "gateWaiting"]
    require(sorted(signed) == sorted(waited), f"{waited} had to sign, and {signed} did")
    if waited:
        last = max(place for place, kind in enumerate(types) if kind == "gatePassed")
        require(last < types.index("lockTaken") < types.index("attemptStarted"), f"begun before it was signed: {types}")
