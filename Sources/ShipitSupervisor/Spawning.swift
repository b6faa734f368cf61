import CSupervisor
import Glibc
import SupervisorProtocol

/// A command that has just been started.
struct SpawnedProcess {
    var identity: ProcessIdentity
    var standardOutput: Int32
    var standardError: Int32
    /// To be written to; -1 where its input is closed.
    var standardInput: Int32
    /// Whether it was started in the group that it was to be started in.
    var isInGroup: Bool
}

/// Why a command could not be started, for a person.
struct NotStarted: Error {
    var reason: String
}

func spawn(_ command: StartCommand, in group: ControlGroup?) throws(NotStarted) -> SpawnedProcess {
    let program = try findProgram(of: command)
    var (outputReader, outputWriter, errorReader, errorWriter): (Int32, Int32, Int32, Int32) = (-1, -1, -1, -1)
    var (inputReader, inputWriter): (Int32, Int32) = (-1, -1)
    defer {
        if outputWriter >= 0 { close(outputWriter) }
        if errorWriter >= 0 { close(errorWriter) }
        if inputReader >= 0 { close(inputReader) }
    }
    var failure = csup_pipe(&outputReader, &outputWriter)
    if failure == 0 { failure = csup_pipe(&errorReader, &errorWriter) }
    if failure == 0, command.input != nil { failure = csup_input_pipe(&inputReader, &inputWriter) }
    let input = inputReader >= 0 ? inputReader : 0
    var pid: pid_t = 0
    var isInGroup = false
    if failure == 0 {
        failure = withCStrings(command.argv) { argv in
            withCStrings(command.environment) { environment in
                if let group {
                    let failure = csup_spawn_in(
                        group.descriptor, &pid, program, argv, environment, command.directory, input, outputWriter,
                        errorWriter)
                    isInGroup = failure >= 0
                    if isInGroup { return failure }
                }
                return csup_spawn(
                    &pid, program, argv, environment, command.directory, input, outputWriter, errorWriter, -1)
            }
        }
    }
    guard failure == 0 else {
        if outputReader >= 0 { close(outputReader) }
        if errorReader >= 0 { close(errorReader) }
        if inputWriter >= 0 { close(inputWriter) }
        throw NotStarted(reason: reason(for: failure, program: program, argument: command.argv[0]))
    }
    // The child cannot vanish before it is reaped here, so its start time can be read.
    let startTime = ProcessRecord(pid: pid)?.identity.startTime ?? 0
    return SpawnedProcess(
        identity: ProcessIdentity(pid: pid, startTime: startTime), standardOutput: outputReader,
        standardError: errorReader, standardInput: inputWriter, isInGroup: isInGroup)
}

/// The path to execute: what a shell would find in the command's own PATH, from the command's own folder.
private func findProgram(of command: StartCommand) throws(NotStarted) -> String {
    guard let name = command.argv.first, !name.isEmpty else { throw NotStarted(reason: "the command is empty") }
    guard !(command.argv + command.environment + [command.directory]).contains(where: { $0.utf8.contains(0) }) else {
        throw NotStarted(reason: "an argument or a variable contains a zero byte")
    }
    guard isFolder(command.directory) else {
        throw NotStarted(reason: "no such folder: \(command.directory)")
    }
    if name.utf8.contains(UInt8(ascii: "/")) {
        guard access(absolute(name, in: command.directory), F_OK) == 0 else {
            throw NotStarted(reason: "no such file: \(name)")
        }
        return name
    }
    let path = command.environment.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? "/usr/bin:/bin"
    var isFound = false
    for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
        let candidate = folder.isEmpty ? "./\(name)" : "\(folder)/\(name)"
        let place = absolute(candidate, in: command.directory)
        if access(place, X_OK) == 0, !isFolder(place) { return candidate }
        isFound = isFound || (access(place, F_OK) == 0 && !isFolder(place))
    }
    throw NotStarted(reason: isFound ? "not executable: \(name)" : "not in PATH: \(name)")
}

private func absolute(_ path: String, in directory: String) -> String {
    path.utf8.first == UInt8(ascii: "/") ? path : "\(directory)/\(path)"
}

private func isFolder(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}

private func reason(for failure: Int32, program: String, argument: String) -> String {
    switch failure {
    case ENOENT: "\(argument): the interpreter in its first line (#!) does not exist"
    case EACCES: "not executable: \(argument)"
    case ENOEXEC: "\(argument): neither a program nor a script with a first line that begins with #!"
    case E2BIG: "\(argument): its arguments and environment are too long"
    default: "\(program): \(description(ofError: failure))"
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}
