// What Swift cannot call itself: variadic functions, and functions that glibc declares only under _GNU_SOURCE.
#ifndef CSUPERVISOR_H
#define CSUPERVISOR_H

#include <sys/types.h>

/// A pipe with both ends close-on-exec; reading never blocks, writing does. 0, or an errno.
int csup_pipe(int *reader, int *writer);

/// The same, and it is writing that never blocks.
int csup_input_pipe(int *reader, int *writer);

/// Starts `path` in a session of its own, with `directory` as its working directory, default signal dispositions and an
/// empty mask. `input`, `output` and `error` become 0, 1 and 2; `extra`, unless -1, becomes 3; nothing else is inherited.
/// 0, or the errno of whatever failed, the exec included.
int csup_spawn(
    pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory, int input, int output,
    int error, int extra);

/// The same inside a control group (cgroup v2) from its first instruction on; `group` is a descriptor of the group's folder.
/// Not for two threads at once. 0, or the errno of what failed in the new process; or, if it could not be made in there, minus
/// the errno of that.
int csup_spawn_in(
    int group, pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory, int input,
    int output, int error);

/// Makes a control group in which processes can be started and killed at once. A descriptor of its folder, or -errno.
int csup_make_group(const char *path);

/// Orphaned descendants become children of this process. 0, or an errno.
int csup_become_subreaper(void);

/// Blocks SIGCHLD, ignores what a terminal or a service manager sends, and returns a descriptor that is readable when a
/// child has ended; or -errno.
int csup_child_signals(void);
/// Takes what is pending off the descriptor.
void csup_clear_signals(int descriptor);

/// Reserves room past the end of a file without changing its size. 0, or an errno.
int csup_reserve(int descriptor, off_t offset, off_t length);

/// Takes the lock of an open file, which the kernel lets go when its holder is gone. 0, or an errno.
int csup_lock(int descriptor);
/// Whether another open file holds the lock: 1, 0, or -errno. Takes nothing.
int csup_is_locked(int descriptor);

/// Two connected stream sockets, close-on-exec. 0, or an errno.
int csup_socket_pair(int *left, int *right);
/// A listening socket, or -errno. `path` has at most 107 bytes.
int csup_listen(const char *path);
/// A connected socket, or -errno.
int csup_connect(const char *path);
/// The next connection of a listening socket, not blocking, from a process of the same user or root; or -errno.
int csup_accept(int listener);
int csup_set_nonblocking(int descriptor);
int csup_set_close_on_exec(int descriptor);

#endif
