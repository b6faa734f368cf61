"""One disturbed run in a project of its own, and many of them side by side."""

import collections
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import traceback

import tracer
from project import Failure, Ideal, Project, make_template, require


class Traced:
    """`shipit …` under the tracer. What it left running goes on, traced, until `close`."""

    def __init__(self, project, words, fault, limit=60):
        reader, writer = os.pipe()
        self.output = project.base / f"traced-{len(project.story)}.log"
        self.process = os.fork()
        if self.process == 0:
            os.close(reader)
            self.trace(project, words, fault, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.readline() if select.select([pipe], [], [], limit)[0] else b""
        if not answer:
            self.close()
        require(answer, f"shipit {words[0]} (traced) did not end within {limit} s, or its tracer died")
        told = json.loads(answer)
        self.status, self.points = told["status"], [tuple(point) for point in told["points"]]
        self.hit = project.hit = tuple(told["hit"]) if told["hit"] else None
        self.spawned_since = told["spawned_since"]
        project.story.append(f"$ shipit {' '.join(words)} (traced, hit {self.hit}) → {self.exit}\n"
                             + self.output.read_text(errors="replace"))

    def trace(self, project, words, fault, writer):
        def on_end(**told):
            os.write(writer, json.dumps(told).encode() + b"\n")
            os.close(writer)

        signal.signal(signal.SIGUSR1, lambda *_: fault.mend())
        try:
            tracer.Tracer([project.shipit_path, *words], project.root, project.variables, self.output, fault, on_end).run()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    @property
    def exit(self):
        """The exit code, or the signal's number as a negative one."""
        return os.waitstatus_to_exitcode(self.status)

    def mend(self):
        """From now on nothing fails any more."""
        os.kill(self.process, signal.SIGUSR1)

    def close(self):
        """Ends the tracer and with it whatever it still traces."""
        try:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


class Plan:
    """What is tried with a pipeline at N = 1, 2, …

    `run(project, fault)` disturbs a run with `fault_at(N)` and raises `Failure` where something did not hold. The point that was
    hit it leaves in `project.hit`, or `None` where the run ended untouched.
    """

    def __init__(self, name, fault_at, run):
        self.name, self.fault_at, self.run = name, fault_at, run


Result = collections.namedtuple("Result", "pipeline plan at hit failure seconds")


def untouched(template, pipeline, base):
    """The undisturbed run, traced: how it ends, and how many points it has."""
    project = Project(template, pipeline, base)
    traced = None
    try:
        for words in pipeline.commands[:-1]:
            project.shipit(*words, expect=[0, 6])
        traced = Traced(project, pipeline.commands[-1], tracer.Fault())
        code = traced.exit
        if pipeline.asks:
            code, asked, _ = project.bring_to_end()
            require(asked > 0, "it never asked")
        return Ideal(project, code), len(traced.points)
    finally:
        if traced:
            traced.close()
        project.remove()


def undisturbed(template, pipeline, base):
    """How a run ends that nobody disturbs or watches."""
    project = Project(template, pipeline, base)
    try:
        codes = [project.shipit(*words).returncode for words in pipeline.commands]
        return Ideal(project, codes[-1])
    finally:
        project.remove()


def attempt(template, pipeline, base, plan, at, keep):
    """Runs one trial; the project of a failed one is kept, with its story."""
    project = Project(template, pipeline, base)
    began, failure = time.monotonic(), None
    try:
        plan.run(project, plan.fault_at(at))
    except (Failure, subprocess.TimeoutExpired, OSError, ValueError, KeyError) as error:
        failure = f"{type(error).__name__}: {error}" if not isinstance(error, Failure) else str(error)
    story = "\n".join(project.story)
    if failure:
        folder = keep / f"{pipeline.name}-{plan.name}-{at}".replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(project.root, folder, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
        (folder / "story.txt").write_text(f"{failure}\n\n{story}")
    project.remove()
    return Result(pipeline.name, plan.name, at, project.hit, failure, time.monotonic() - began)


_JOB = None


def _attempt(at):
    return attempt(*_JOB[:3], _JOB[3], at, _JOB[4])


def exhaust(template, pipeline, base, plan, keep):
    """Tries N = 1, 2, … until a run ends untouched, several at once. `STEP=5` tries every fifth, `ONLY=PLAN`
    one plan, `ONLY=PLAN:N` one point."""
    global _JOB
    _JOB = (template, pipeline, base, plan, keep)
    only, _, number = os.environ.get("ONLY", "").partition(":")
    if only not in ("", plan.name):
        return []
    jobs, step = int(os.environ.get("JOBS") or os.cpu_count()), int(os.environ.get("STEP") or 1)
    results, first = [], 1
    # Processes of the pool begin with what is known here.
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        while True:
            numbers = [int(number)] if number else range(first, first + 4 * jobs * step, step)
            for result in pool.map(_attempt, numbers):
                if result.failure:
                    print(f"FAILED {pipeline.name}, {plan.name} N={result.at} at {result.hit}: {result.failure}", flush=True)
                if result.hit or result.failure:
                    results.append(result)
                is_untouched = result.hit is None
            if number or is_untouched or first > 3000:
                return results
            first = numbers[-1] + step


class Workshop:
    """The folder that all trials work in, and the report at the end."""

    def __init__(self, name):
        self.name = name
        self.base = pathlib.Path(tempfile.mkdtemp(prefix=f"shipit-{name}-")).resolve()
        self.keep = pathlib.Path(os.environ.get("KEEP") or f"{tempfile.gettempdir()}/shipit-{name}-failures")
        self.results, self.began = [], time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+rwX", str(self.base)], check=False, capture_output=True)
        shutil.rmtree(self.base, ignore_errors=True)

    def template(self, pipeline, name=None):
        return make_template(self.base / (name or pipeline.name), pipeline)

    def report(self):
        """Prints the table; 0 where nothing failed."""
        tried, failed, seconds, kinds = (collections.Counter() for _ in range(4))
        for result in self.results:
            row = result.pipeline, result.plan
            tried[row] += 1
            failed[row] += result.failure is not None
            seconds[row] += result.seconds
            kinds[" ".join(result.hit[:2]) if result.hit else "nothing"] += 1
        print(f"\n{'pipeline':<10} {'what was done':<34} {'times':>7} {'failures':>9} {'s each':>7}")
        for row in tried:
            print(f"{row[0]:<10} {row[1]:<34} {tried[row]:>7} {failed[row]:>9} {seconds[row] / tried[row]:>7.2f}")
        failures = failed.total()
        print(f"{'all':<45} {tried.total():>7} {failures:>9}   in {time.monotonic() - self.began:.0f} s")
        print("at: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
        if failures:
            print(f"what failed is kept in {self.keep}, each with its story.txt")
        return 1 if failures else 0
