import ShipitCore
import ShipitEngine

/// What a host's `sh` reads on its standard input: it runs the command, and sees to it that nothing of it is left.
///
/// Nothing of it stands in an argument list: not there, where only `sh` is asked for, and not here. The input stays open for as
/// long as somebody here waits for the command. Its end means that the connection is gone, and then the command's whole tree is
/// ended: TERM, and KILL after the stage's `kill-after`.
struct RemoteScript {
    /// What asks for it. Any login shell understands these words.
    static let request = "exec /bin/sh"

    /// The command's 255 is told so, because ssh keeps that code for itself.
    static let code255 = "shipit: the command exited with 255"

    var command: Command
    var variables: [String: String]
    /// Relative to the home of the login.
    var workdir: String?
    var killAfter: TimeSpan
    /// By this variable the processes of the stage are known on the host, in whatever session they are.
    var tag: (name: String, value: String)
    /// The same for this command alone: what watches it must not end what comes after it, such as the stage's undo.
    var own: (name: String, value: String)
    /// Whether something of an attempt before may still be there: it is ended first.
    var mayFindRemains: Bool

    /// Read as a whole before any of it is done: half a script, where the connection breaks, does nothing.
    var text: String {
        """
        shipit_main() {
        exec 3<&0 </dev/null
        shipit_tag=\(Self.quoted("\(tag.name)=\(tag.value)")) shipit_child=
        \(Self.endTree)
        \(mayFindRemains ? "shipit_end \(seconds)" : ":")
        shipit_tag=\(Self.quoted("\(own.name)=\(own.value)"))
        \(workdir.map { "cd -- \(Self.quoted($0.hasPrefix("/") ? $0 : "./\($0)")) || exit 1" } ?? ":")
        \(words)
        (
        exec 3<&-
        \(exports)
        command -v setsid >/dev/null 2>&1 && exec setsid "$@"
        exec "$@"
        ) &
        shipit_child=$!
        ( while read -r shipit_line; do :; done <&3; shipit_end \(seconds) ) >/dev/null 2>&1 &
        shipit_watch=$!
        exec 3<&-
        wait "$shipit_child"
        shipit_code=$?
        shipit_left=$(shipit_pids)
        [ -z "$shipit_left" ] || { echo "shipit: it left running, and it is ended: "$shipit_left >&2; shipit_end 2; }
        kill "$shipit_watch" 2>/dev/null
        if [ "$shipit_code" = 255 ]; then echo \(Self.quoted(Self.code255)) >&2; shipit_code=254; fi
        exit "$shipit_code"
        }
        shipit_main

        """
    }

    private var seconds: Int64 { (killAfter.milliseconds + 999) / 1000 }

    private var words: String {
        switch command {
        case .argv(let words): "set -- " + words.map(Self.quoted).joined(separator: " ")
        case .script(let script):
            """
            if command -v bash >/dev/null 2>&1; then set -- bash --norc -euo pipefail -c; else set -- sh -eu -c; fi
            set -- "$@" \(Self.quoted(script))
            """
        }
    }

    /// A shell's own words, so that no value stands in the arguments of a process.
    private var exports: String {
        (variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } + [tag, own])
            .map { "export \($0.0)=\(Self.quoted($0.1))" }.joined(separator: "\n")
    }

    /// The living processes of the stage: whatever carries its tag, else what is left in the group of its command (dead ones that
    /// nobody has reaped don't count; where there is no /proc, the group as a whole). They get TERM once each, and KILL from the
    /// given number of seconds on.
    private static let endTree = """
        shipit_pids() {
        shipit_files=$(grep -lszxF -e "$shipit_tag" /proc/[0-9]*/environ 2>/dev/null)
        if [ -z "$shipit_files" ]; then
        [ -n "$shipit_child" ] && kill -s 0 -- "-$shipit_child" 2>/dev/null || return 0
        [ -r /proc/self/stat ] || { echo "-$shipit_child"; return 0; }
        for shipit_file in /proc/[0-9]*/stat; do
        { read -r shipit_stat <"$shipit_file"; } 2>/dev/null || continue
        set -- ${shipit_stat##*) }
        [ "$1" = Z ] || [ "$3" != "$shipit_child" ] || shipit_files="$shipit_files $shipit_file"
        done
        fi
        for shipit_file in $shipit_files; do
        shipit_file=${shipit_file#/proc/}
        echo "${shipit_file%/*}"
        done
        }
        shipit_end() {
        shipit_time=0 shipit_seen=' '
        while shipit_found=$(shipit_pids); [ -n "$shipit_found" ] && [ "$shipit_time" -lt $(($1 * 10 + 100)) ]; do
        for shipit_pid in $shipit_found; do
        if [ "$shipit_time" -ge $(($1 * 10)) ]; then kill -s KILL -- "$shipit_pid"; continue; fi
        case $shipit_seen in *" $shipit_pid "*) continue ;; esac
        shipit_seen="$shipit_seen$shipit_pid "
        kill -s TERM -- "$shipit_pid"
        kill -s CONT -- "$shipit_pid"
        done 2>/dev/null
        if sleep 0.1 2>/dev/null; then shipit_time=$((shipit_time + 1)); else sleep 1; shipit_time=$((shipit_time + 10)); fi
        done
        }
        """

    /// One word to every POSIX shell, byte for byte.
    static func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
