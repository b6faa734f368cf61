public import ShipitEngine

/// The actions that shipit brings.
public enum BuiltinActions {
    public static func all() -> [any Action] {
        [
            RunAction(), ChecksAction(), BackupSQLiteAction(), RestoreAction(), MigrateAction(), RollingRestartAction(),
            BuildImageAction(),
        ]
    }
}
