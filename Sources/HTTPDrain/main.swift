import Glibc

// Started as `http-drain CALL ACTION` (docs/plugins.md).
let messages = Messages(path: getenv("SHIPIT_MESSAGES").map { String(cString: $0) } ?? "/dev/null")

do throws(Trouble) {
    let request = try Request.read(from: getenv("SHIPIT_REQUEST").map { String(cString: $0) })
    exit(try Call(request, messages).answer())
} catch {
    messages.reason(error.reason)
    exit(error.exitCode)
}
