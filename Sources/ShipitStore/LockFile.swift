import Foundation
import ShipitEngine

/// A lock of the operating system, gone at the latest when the process is: the proof of life that even a process of another
/// pid namespace gives, whose number means nothing here.
///
/// It is an *open file description* lock: tied to this very opening of the file (not to the process as a whole), inherited
/// by no command, and one may ask whether it is held without taking it.
final class LockFile: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Closing alone gives the lock back only once every copy is closed, and a process that is being spawned at this moment has
    /// one until it becomes its program.
    deinit {
        var request = Self.wholeFile(F_UNLCK)
        _ = fcntl(descriptor, Self.setOpenFileLock, &request)
        close(descriptor)
    }

    /// `nil` where somebody else has it.
    static func take(_ path: String, mode: mode_t) throws(StoreError) -> LockFile? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw .unusable(path: path, reason: "cannot be opened: \(StateFolder.reason(errno))")
        }
        let file = LockFile(descriptor: descriptor)
        // Another user's file of the group has its mode already.
        _ = fchmod(descriptor, mode)
        var request = wholeFile(F_WRLCK)
        if fcntl(descriptor, setOpenFileLock, &request) == 0 { return file }
        guard errno == EAGAIN || errno == EACCES else {
            throw .unusable(path: path, reason: "cannot be locked: \(StateFolder.reason(errno))")
        }
        return nil
    }

    /// Whether somebody has it; `false` where nobody ever had.
    static func isTaken(_ path: String) throws(StoreError) -> Bool {
        let descriptor = Descriptor(number: open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC))
        guard descriptor.number >= 0 else {
            if errno == ENOENT { return false }
            throw .unusable(path: path, reason: "cannot be opened: \(StateFolder.reason(errno))")
        }
        var question = wholeFile(F_RDLCK)
        guard fcntl(descriptor.number, getOpenFileLock, &question) == 0 else {
            throw .unusable(path: path, reason: "cannot be asked for its lock: \(StateFolder.reason(errno))")
        }
        return question.l_type != Int16(F_UNLCK)
    }

    private static func wholeFile(_ type: Int32) -> flock {
        var lock = flock()
        lock.l_type = Int16(type)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    // `F_OFD_GETLK` and `F_OFD_SETLK` of <fcntl.h>, which are hidden from Swift behind a feature macro.
    private static let getOpenFileLock: Int32 = 36
    private static let setOpenFileLock: Int32 = 37
}
