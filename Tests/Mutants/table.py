"""The faults: read from `faults/*.toml`, held against the sources, and sown into a copy of them.

A fault replaces an expression by `(seeded(N) ? (fault) : (original))`, or statements by `if seeded(N) { fault } else { original }`.
So one build holds all of them, and a file that every process reads when it starts says which one is on.
"""

import pathlib
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

SWIFT_SWITCH = """\
import Glibc

private let switchedOn: Int = {
    let file = open("%(switch)s", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 0 }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 16)
    let count = read(file, &text, text.count)
    return text.prefix(max(0, count)).reduce(0) { $1 >= 48 && $1 < 58 ? 10 * $0 + Int($1 - 48) : $0 }
}()

/// Whether this fault is on.
func seeded(_ number: Int) -> Bool { switchedOn == number }
"""

C_SWITCH = """\
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int seeded(int number) {
    static int switched_on = -1;
    if (switched_on < 0) {
        char text[16] = {0};
        int file = open("%(switch)s", O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
            close(file);
        }
        switched_on = atoi(text);
    }
    return switched_on == number;
}
"""


class TableError(Exception):
    pass


class Edit:
    """One place of a fault."""

    def __init__(self, fault, table):
        self.fault, self.file = fault, table["file"]
        kinds = [kind for kind in ("expression", "statement") if kind in table]
        if len(kinds) != 1:
            raise TableError(f"{fault.name}: each edit has either an expression or a statement")
        self.kind = kinds[0]
        self.original, self.replacement = table[self.kind].strip(), table["fault"].strip()

    def chosen(self, original):
        """The original with a switch to the fault."""
        test = f"seeded({self.fault.number})"
        if self.kind == "expression":
            return f"({test} ? ({self.replacement}) : ({original}))"
        if self.file.endswith(".c"):
            test = f"({test})"
        return f"if {test} {{ {self.replacement} }} else {{ {original} }}"


class Fault:
    def __init__(self, number, table):
        self.number, self.name, self.what = number, table["name"], table["what"]
        #: What must fail: filters of `swift test`, and commands of Tests/Durability.
        self.catchers = table["caught-by"]
        #: Whether the only way to see it is that something takes for ever.
        self.hangs = table.get("hangs", False)
        self.edits = [Edit(self, edit) for edit in table.get("edit", [table])]


def read():
    faults = []
    for path in sorted(HERE.glob("faults/*.toml")):
        with open(path, "rb") as file:
            for table in tomllib.load(file)["fault"]:
                try:
                    faults.append(Fault(len(faults) + 1, table))
                except KeyError as key:
                    raise TableError(f"{path.name}: {table.get('name', 'a fault without a name')} lacks {key}")
    names = [fault.name for fault in faults]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"two faults are called {name}")
    return faults


def sow(faults):
    """The text with all faults of each file that has any. Every original must stand in its file exactly once."""
    files, problems = {}, []
    for fault in faults:
        if not fault.catchers:
            problems.append(f"{fault.name}: nothing is named that must catch it")
        for edit in fault.edits:
            files.setdefault(edit.file, {}).setdefault((edit.kind, edit.original), []).append(edit)
    sown = {}
    for file, places in files.items():
        path = ROOT / file
        text = path.read_text() if path.exists() else ""
        found = []
        for (_, original), edits in places.items():
            count = text.count(original)
            if count == 1:
                found.append((text.index(original), original, edits))
            else:
                names = ", ".join(edit.fault.name for edit in edits)
                problems.append(f"{names}: its text stands {count} times in {file}, and not once:\n    {original}")
        found.sort(key=lambda place: place[0])
        for (start, original, edits), (later, _, others) in zip(found, found[1:]):
            if start + len(original) > later:
                problems.append(f"{edits[0].fault.name} and {others[0].fault.name}: their texts in {file} overlap")
        for start, original, edits in reversed(found):
            chosen = original
            for edit in edits:
                chosen = edit.chosen(chosen)
            text = text[:start] + chosen + text[start + len(original):]
        sown[file] = text
    if problems:
        raise TableError("\n".join(problems))
    return sown


def switches(files, switch):
    """The files that hold the switch, for each module that needs it."""
    added = {}
    for file in files:
        folder = "/".join(file.split("/")[:2])
        if file.endswith(".c"):
            added[f"{folder}/seeded.h"] = C_SWITCH % {"switch": switch}
        else:
            added[f"{folder}/Seeded.swift"] = SWIFT_SWITCH % {"switch": switch}
    return added
