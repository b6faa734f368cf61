#!/usr/bin/env bash
# The demonstration: a notice board of four replicas goes from v1.15.1 to v1.15.2; v1.15.3 is bad and is undone by itself,
# data included; the deployment of v1.15.4 is killed with -9 half way and resumed. Every claim is checked as it is made.
#
#   SHIPIT       the program (default .build/debug/shipit)
#   DEMO_FOLDER  where everything is made (default .demo)
#   DEMO_KEEP    when set, the replicas are left running at the end
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
shipit=${SHIPIT:-.build/debug/shipit}
folder=${DEMO_FOLDER:-.demo}
marker=$folder/.made-by-the-shipit-demo
project=$folder/bulletin
replicas=4
engine=''
finished=''

# ---------------------------------------------------------------------------------------------------- words and checks

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi

heading() { printf '\n%s== %s ==%s\n\n' "$bold" "$*" "$plain"; }
say() { printf '%s\n' "$*"; }
die() {
    printf '\ndemo: NOT AS TOLD: %s\n' "$*" >&2
    exit 1
}

# expect CODE COMMAND…: shows the command as a person would type it, runs it, and insists on its exit code.
expect() {
    local code=$1 got=0
    shift
    printf '%s$ shipit %s%s\n' "$bold" "$*" "$plain"
    "$shipit" -C "$project" "$@" || got=$?
    if [[ $got != "$code" ]]; then die "\"shipit $*\" ended with exit code $got, not $code"; fi
    say "(exit code $got)"
}

# status PATH: one value of the newest run's status, such as run/outcome or stages/restart/state.
status() {
    "$shipit" -C "$project" status latest --output json | python3 -c '
import json, sys
value = json.load(sys.stdin)
for word in sys.argv[1].split("/"):
    if isinstance(value, list):
        key = "stage" if value and "stage" in value[0] else "name"
        value = next((one for one in value if one.get(key) == word), {})
    else:
        value = (value or {}).get(word)
print("" if value is None else value)' "$1"
}

# expect_status PATH VALUE
expect_status() {
    local got
    got=$(status "$1") || die "\"shipit status latest --output json\" gave no $1"
    if [[ $got != "$2" ]]; then die "status says $1 is \"$got\", not \"$2\""; fi
}

breaches() {
    "$shipit" -C "$project" status latest --output json | python3 -c '
import json, sys
for breach in json.load(sys.stdin)["breaches"]:
    print("  {rule}   (observed {observed})".format(**breach))'
}

# ------------------------------------------------------------------------------------------------------- the notice board

port_of() { printf '%s' $((base_port + $1 - 1)); }

ask() { curl --silent --show-error --fail --max-time 5 "$@"; }

# post REPLICA TITLE BODY: as a client would; the texts hold nothing that JSON would have to escape.
post() {
    ask --output /dev/null --header 'Content-Type: application/json' --data "{\"title\": \"$2\", \"body\": \"$3\"}" \
        "http://127.0.0.1:$(port_of "$1")/notices" || die "replica-$1 did not take the notice \"$2\""
    say "posted through replica-$1: $2"
}

# expect_version VERSION: every replica answers, with that version, and all of them show the same notices.
expect_version() {
    local index port answer notices first=''
    say
    for ((index = 1; index <= replicas; index++)); do
        port=$(port_of "$index")
        answer=$(ask "http://127.0.0.1:$port/version") || die "replica-$index does not answer on port $port"
        notices=$(ask "http://127.0.0.1:$port/notices") || die "replica-$index does not show its notices"
        say "  replica-$index  http://127.0.0.1:$port  $answer"
        [[ $answer == *"\"version\": \"$1\""* ]] || die "replica-$index does not run $1"
        if [[ $index == 1 ]]; then first=$notices; fi
        [[ $notices == "$first" ]] || die "replica-$index shows other notices than replica-1"
    done
}

notices() { ask "http://127.0.0.1:$(port_of 1)/notices" || die "replica-1 does not show its notices"; }

show_notices() {
    notices | python3 -c '
import json, sys
for notice in json.load(sys.stdin):
    print("  {id}  [{category}]  {title}: {body}".format(**{"category": "-", **notice}))'
}

# expect_schema NAME…: these migrations are applied, and no other.
expect_schema() {
    local applied
    applied=$(python3 -c '
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(*(name for (name,) in connection.execute("SELECT name FROM schema_migrations ORDER BY name")))' \
        "$project/var/bulletin.db")
    say "  schema: $applied"
    [[ $applied == "$*" ]] || die "the schema is \"$applied\", not \"$*\""
}

# effects RUN: what the run did to the system, as the scripts of ops/ recorded it.
effects() { awk -F '\t' -v run="$1" '$2 == run { print $4 }' "$project/var/effects.log" | sort; }

# expect_effects RUN WHAT…: the run did exactly these things, each of them once.
expect_effects() {
    local run=$1 difference
    shift
    difference=$(diff <(printf '%s\n' "$@" | sort) <(effects "$run")) ||
        die "run $run did other things than it should have (< missing, > too much):"$'\n'"$difference"
}

# each_replica WORDS…: the words with replica-1, replica-2 … put in place of REPLICA, a line each.
each_replica() {
    local index
    for ((index = 1; index <= replicas; index++)); do printf '%s\n' "${*//REPLICA/replica-$index}"; done
}

# The scripts know their instance by its pid file and command line: nothing else can be ended by this.
stop_replicas() {
    local pid_file
    for pid_file in "$project"/var/run/*.pid; do
        [[ -e $pid_file ]] || continue
        (cd "$project" && SHIPIT_INSTANCE_NAME=$(basename "$pid_file" .pid) SHIPIT_INSTANCE_PORT=0 ops/stop) >/dev/null ||
            say "demo: $pid_file names a replica that did not end" >&2
    done
}

free_ports() {
    python3 - "$replicas" <<'PYTHON'
import contextlib, socket, sys

def free(port):
    with contextlib.closing(socket.socket()) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

count = int(sys.argv[1])
for base in range(18200, 19200, 10):
    if all(free(port) for port in range(base, base + count)):
        print(base)
        break
else:
    sys.exit("no free ports between 18200 and 19200")
PYTHON
}

# ------------------------------------------------------------------------------------------------------------ start and end

clean_up() {
    local code=$?
    trap - EXIT
    # A terminal's cursor may have been hidden by the engine that was killed.
    if [[ -t 1 ]]; then printf '\033[?25h'; fi
    if [[ -n $engine ]] && kill -TERM "$engine" 2>/dev/null; then
        # The first asks it to let the attempts under way finish, the second to end them.
        sleep 0.5
        kill -TERM "$engine" 2>/dev/null || true
        wait "$engine" 2>/dev/null || true
    fi
    if [[ -d $project/var/run && -z $finished ]]; then
        # Commands outlive their engine: one that is just starting a replica is given the time to show it.
        stop_replicas
        sleep 2
        stop_replicas
    elif [[ -d $project/var/run && -z ${DEMO_KEEP:-} ]]; then
        stop_replicas
    fi
    if [[ $code != 0 && -d $project ]]; then
        say "demo: what happened is in $project: \"shipit -C $project status\", var/log/, var/effects.log" >&2
    fi
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for tool in git curl python3; do
    command -v "$tool" >/dev/null || die "$tool is not installed"
done
[[ -x $shipit ]] || die "there is no program $shipit; \"make demo\" builds it"
shipit=$(realpath "$shipit")

if [[ -e $folder ]]; then
    [[ -e $marker ]] || die "$folder is there and was not made by the demonstration; it is left alone"
    stop_replicas
    chmod -R u+w "$folder"
    rm -rf "$folder"
fi
mkdir -p "$folder"
touch "$marker"
base_port=$(free_ports)

# --------------------------------------------------------------------------------------------------------------- the story

heading "A repository with four releases"
"$here/bulletin/make-repository" "$project"
git -C "$project" log --reverse --format='  %h %s%d'

deploy=(deploy --yes --set "base-port=$base_port")

heading "v1.15.1: the first deployment"
git -C "$project" checkout --quiet v1.15.1
expect 0 "${deploy[@]}" v1.15.1
expect_version 1.15.1
expect_schema 0001_notices
say
post 1 'Lost: one grey glove' 'Left hand, wool, somewhere between the bridge and the bakery.'
post 2 'Summer party' 'On the second Saturday of June, in the yard behind the library.'

heading "v1.15.2: a release with a migration"
git -C "$project" checkout --quiet v1.15.2
expect 0 "${deploy[@]}" v1.15.2
expect_version 1.15.2
expect_schema 0001_notices 0002_categories
[[ $(notices) == *'"category": "lost"'* ]] || die "the migration did not sort the older notices into categories"
say
post 4 'Found: a kitten' 'Black with white paws, very hungry, answers to nothing at all.'
before=$(notices)

heading "v1.15.3: a bad release, undone by itself"
say "Its migration cuts the texts of all notices, one visit in four ends in an error 500, and pages take three times as"
say "long. The smoke test sees none of it; the monitor does."
say
git -C "$project" checkout --quiet v1.15.3
expect 4 "${deploy[@]}" v1.15.3
expect_status run/outcome rolled-back
expect_status rollback/restart/state succeeded
expect_status rollback/migrate/state succeeded
say
say "What was over its limit:"
breaches
expect_version 1.15.2
expect_schema 0001_notices 0002_categories
[[ $(notices) == "$before" ]] || die "the notices are not what they were before v1.15.3"
say "  the notices are, to the letter, those from before:"
show_notices
mapfile -t wanted < <(
    say "migrate 1.15.3"
    each_replica stop REPLICA 1.15.2
    each_replica start REPLICA 1.15.3
    each_replica stop REPLICA 1.15.3
    each_replica start REPLICA 1.15.2
)
expect_effects "$(status run/id)" "${wanted[@]}"

heading "v1.15.4: the engine is killed with -9 half way, and the deployment resumed"
git -C "$project" checkout --quiet v1.15.4
printf '%s$ shipit %s &%s\n' "$bold" "${deploy[*]} v1.15.4" "$plain"
"$shipit" -C "$project" "${deploy[@]}" v1.15.4 &
engine=$!

# Half way: the first replica is through, the second one is being started.
deadline=$((SECONDS + 60))
until grep -q 'start replica-2 1\.15\.4$' "$project/var/effects.log" &&
    [[ $(status run/release/tag) == v1.15.4 && $(status stages/restart/state) == running ]]; do
    kill -0 "$engine" 2>/dev/null || die "the deployment of v1.15.4 ended before it could be killed"
    ((SECONDS < deadline)) || die "the deployment of v1.15.4 did not come to its second replica within a minute"
    sleep 0.05
done
code=0
# The shell's own notice of the kill is not part of the story.
{
    kill -KILL "$engine"
    wait "$engine" || code=$?
} 2>/dev/null
engine=''
if [[ -t 1 ]]; then printf '\033[?25h'; fi
[[ $code == 137 ]] || die "the engine ended with $code before it could be killed"
say
say "Killed (exit code 137). What is there now:"
say
run=$(status run/id)
expect 0 status "$run"
say
expect 0 resume "$run"
expect_status run/id "$run"
expect_status run/outcome succeeded
expect_version 1.15.4
expect_schema 0001_notices 0002_categories 0004_notices_by_day
[[ $(notices) == "$before" ]] || die "the notices are not what they were before v1.15.4"
mapfile -t wanted < <(
    say "migrate 1.15.4"
    each_replica stop REPLICA 1.15.2
    each_replica start REPLICA 1.15.4
)
expect_effects "$run" "${wanted[@]}"
twice=$(cut -f 3- "$project/var/effects.log" | sort | uniq -d)
[[ -z $twice ]] || die "done twice under one key: $twice"
say "  what the killed and resumed run did, each of it once:"
effects "$run" | sed 's/^/    /'

heading "As told"
say "v1.15.1 -> v1.15.2 -> (v1.15.3, undone) -> v1.15.4 (killed, resumed), in $SECONDS seconds. All runs:"
say
"$shipit" -C "$project" runs
finished=yes
say
say "Look further: $shipit -C $project status | logs | journal latest"
if [[ -n ${DEMO_KEEP:-} ]]; then
    say "The replicas still run: http://127.0.0.1:$base_port/ and the next three ports."
else
    say "The replicas are stopped now; DEMO_KEEP=1 leaves them running."
fi
