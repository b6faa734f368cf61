import Glibc

// Started by an engine in the run's folder, in a session of its own, with the engine's socket as descriptor 3.
// It outlives the engine: the run's commands are its children.
exit(Supervisor.run(engine: 3))
