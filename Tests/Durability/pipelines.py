"""The reference pipelines. Every stage leaves `NAME KEY` in effects.log, in one atomic append."""

TAG = "v1.0.0"
EFFECT = 'echo "{name} $SHIPIT_IDEMPOTENCY_KEY" >> effects.log'


def stage(name, needs="", more="", undo=False):
    lines = [f"  {name}:"]
    if needs:
        lines.append(f"    needs: [{needs}]")
    lines.append("    run: |")
    lines.append("      " + EFFECT.format(name=name))
    lines += ["      " + line for line in more.splitlines()]
    if undo:
        lines.append(f"    rollback: {{run: '{EFFECT.format(name='undo-' + name)}'}}")
    return "\n".join(lines) + "\n"


HEAD = "shipit: 1\nname: deploy\nstages:\n"

# Where a person had to answer for `a`, its output is lost.
LINEAR = HEAD + stage("a", more='echo "x=from-a" >> "$SHIPIT_OUTPUT"') + stage("b", "a") + """\
  c:
    needs: [b]
    env: {X: '${{ stages.a.outputs.x || "lost" }}'}
    run: |
      [ "$X" = from-a ] || [ "$X" = lost ]
      echo "c $SHIPIT_IDEMPOTENCY_KEY" >> effects.log
"""

DIAMOND = HEAD + stage("a") + stage("b", "a") + stage("c", "a") + stage("d", "b, c")

# It succeeds once it has left two lines.
RETRY = HEAD + stage("a") + stage("b", "a", more="[ $(grep -c '^b ' effects.log) -ge 2 ]") + \
    "    retry: {attempts: 2, delay: 50ms}\n" + stage("c", "b")

BREACH = HEAD + stage("a", undo=True) + stage("b", "a", undo=True) + """\
    finally: 'echo "finally $SHIPIT_IDEMPOTENCY_KEY" >> effects.log'
monitor:
  for: 60s
  sources:
    api: {http: "http://127.0.0.1:9/", every: 50ms, timeout: 1s}
  rollback-when: [api fails 3 times]
"""

ROLLING = HEAD + stage("a", undo=True) + """\
  restart:
    needs: [a]
    uses: rolling-restart
    with:
      instances: 2
      base-port: 9
      start: [ops/start, "${{ instance.name }}"]
      stop: [ops/stop, "${{ instance.name }}"]
      health: {run: [test, -e, "up-${{ instance.name }}"]}
      min-healthy-time: 20ms
""" + stage("z", "restart")

# The first time its supervisor dies under it, so that nobody knows how it ended.
QUESTION = HEAD + stage("a") + stage("b", "a", more="[ $(grep -c '^b ' effects.log) -ge 2 ] || kill -9 $PPID") + \
    stage("c", "b")

# Nothing of it begins before cat has signed.
APPROVAL = """\
shipit: 1
name: deploy
environments: {production: {approvals: {roles: [devops], allow-self: yes}}}
people: {cat: {}}
roles: {devops: {people: [cat]}}
stages:
""" + stage("a", undo=True) + stage("b", "a")

START = """\
#!/bin/bash
echo "start-$1 $SHIPIT_IDEMPOTENCY_KEY" >> effects.log
sleep 7777 >/dev/null 2>&1 & echo $! > "pid-$1"
touch "up-$1"
"""

STOP = """\
#!/bin/bash
echo "stop-$1 $SHIPIT_IDEMPOTENCY_KEY" >> effects.log
rm -f "up-$1"
if [ -e "pid-$1" ]; then kill "$(cat "pid-$1")" 2>/dev/null || true; rm -f "pid-$1"; fi
"""

AFTER = "shipit: 1\nname: after\nstages:\n  z: {run: 'true'}\n"


class Pipeline:
    def __init__(self, name, text, needed=None, ordered=True, asks=False, reruns=(),
                 before=()):
        self.name, self.text = name, text
        #: How many lines of a stage mean that it is done; 1 where nothing is said.
        self.needed = needed or {}
        #: Whether the effects have only one possible order.
        self.ordered = ordered
        #: Whether it asks a person even when nobody kills anything.
        self.asks = asks
        #: Stages that their authors allow to be run again where nobody knows how they ended.
        self.reruns = reruns
        #: What a person types before the command that carries the stages out.
        self.before = [words.split() for words in before]

    @property
    def commands(self):
        """All commands of an undisturbed run, the one that carries the stages out as the last."""
        return [*self.before, "resume latest".split()] if self.before else [f"deploy {TAG}".split()]


PIPELINES = {pipeline.name: pipeline for pipeline in (
    Pipeline("linear", LINEAR),
    Pipeline("diamond", DIAMOND, ordered=False),
    Pipeline("retry", RETRY, needed={"b": 2}),
    Pipeline("breach", BREACH),
    Pipeline("rolling", ROLLING, reruns=("restart",)),
    Pipeline("question", QUESTION, asks=True),
    Pipeline("approval", APPROVAL, before=(f"deploy {TAG}", "approve latest devops --as cat")),
)}
