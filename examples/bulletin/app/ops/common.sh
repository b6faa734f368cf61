# shellcheck shell=bash disable=SC2034
# Sourced by the other scripts. They run in the project's folder; whatever outlives a release is in var/.

database=var/bulletin.db

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# One line for each thing done to the system, with the key of the command that did it: a command that was carried out
# twice would show here.
record() {
    mkdir -p var
    printf '%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${SHIPIT_RUN:--}" "${SHIPIT_IDEMPOTENCY_KEY:--}" "$*" >>var/effects.log
}

# The pid file of an instance says "PID VERSION"; it counts only while that process is that instance.
instance_pid() {
    local pid=''
    if [[ -r $pid_file ]]; then read -r pid _ <"$pid_file" || true; fi
    if [[ $pid =~ ^[0-9]+$ ]] && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$pid_file"; then
        printf '%s' "$pid"
    fi
}

read_instance() {
    name=${SHIPIT_INSTANCE_NAME:?is the name of the instance}
    port=${SHIPIT_INSTANCE_PORT:?is the port of the instance}
    mkdir -p var/run var/log
    pid_file=$(pwd -P)/var/run/$name.pid
    log_file=var/log/$name.log
}
