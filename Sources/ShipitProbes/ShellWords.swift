/// The command line of a script: bash where the PATH has one, else sh, as for the scripts of stages.
func shellWords(_ script: String, path: String, directory: String) -> [String] {
    let bash = ChildProcess.program("bash", path: path, directory: directory)
    return bash != nil ? ["bash", "-euo", "pipefail", "-c", script] : ["sh", "-eu", "-c", script]
}
