# Flattens a JSON document: a line a value, PATH, a tab, and the value as it stands there. A text keeps its quotes and
# escapes, so that it can be put into another document as it is.
{ text = text $0 "\n" }
END { place = 1; value(""); exit bad }

function sign() { while (substr(text, place, 1) ~ /[ \t\r\n]/) place++; return substr(text, place, 1) }

function string(    first, c) {
    if (sign() != "\"") { bad = 1; return }
    for (first = place++; place <= length(text); place++) {
        c = substr(text, place, 1)
        if (c == "\\") place++
        else if (c == "\"") { place++; return substr(text, first, place - first) }
    }
    bad = 1
}

function value(path,    c, key, count) {
    c = sign()
    if (c == "{" || c == "[") {
        place++
        if (sign() == (c == "{" ? "}" : "]")) { place++; return }
        for (count = 0; !bad; count++) {
            key = count
            if (c == "{") {
                key = string()
                key = substr(key, 2, length(key) - 2)
                if (sign() != ":") { bad = 1; return }
                place++
            }
            value(path == "" ? key : path "." key)
            if (sign() == (c == "{" ? "}" : "]")) { place++; return }
            if (sign() != ",") bad = 1
            place++
        }
    } else if (c == "\"") {
        print path "\t" string()
    } else if (match(substr(text, place), /^[-+.0-9A-Za-z]+/)) {
        print path "\t" substr(text, place, RLENGTH)
        place += RLENGTH
    } else bad = 1
}
