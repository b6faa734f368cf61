#define _GNU_SOURCE
#include "CSupervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int csup_pipe(int *reader, int *writer) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    *reader = ends[0];
    *writer = ends[1];
    return csup_set_nonblocking(ends[0]);
}

int csup_input_pipe(int *reader, int *writer) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    *reader = ends[0];
    *writer = ends[1];
    return csup_set_nonblocking(ends[1]);
}

int csup_spawn(
    pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory, int input, int output,
    int error, int extra) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t every, none;
    // Not sigfillset: it leaves out two signals of glibc's own, which the command would then inherit as ignored.
    memset(&every, 0xff, sizeof every);
    sigemptyset(&none);
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &every);
    failure = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (!failure) failure = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!failure) failure = posix_spawn_file_actions_adddup2(&actions, error, 2);
    if (!failure && extra >= 0) failure = posix_spawn_file_actions_adddup2(&actions, extra, 3);
    if (!failure) failure = posix_spawn_file_actions_addclosefrom_np(&actions, extra >= 0 ? 4 : 3);
    if (!failure) failure = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (!failure) failure = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static int move_descriptor(int from, int to) {
    if (from == to) return fcntl(to, F_SETFD, 0);
    return dup2(from, to);
}

struct program {
    const char *path, *directory;
    char *const *argv;
    char *const *envp;
    int input, output, error;
    volatile int failure;
};

// Between the clone and the exec, in the parent's memory while the parent stands still.
__attribute__((noreturn)) static void become(struct program *program) {
    // The kernel's own form, all zero, which is the default action; glibc's keeps two signals to itself.
    static const uint64_t by_default[8], none;
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, by_default, NULL, 8);
    if (setsid() >= 0 && move_descriptor(program->input, 0) >= 0 && move_descriptor(program->output, 1) >= 0
        && move_descriptor(program->error, 2) >= 0 && syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0
        && chdir(program->directory) == 0 && syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8) == 0)
        execve(program->path, program->argv, program->envp);
    program->failure = errno;
    _exit(127);
}

// glibc has no clone into a group that shares memory: the new process needs a stack before it can return from anywhere.
static long clone_into(struct clone_args *arguments, struct program *program) {
    long child = -ENOSYS;
#if defined(__x86_64__)
    __asm__ volatile(
        "syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tmov %[program], %%rdi\n\tcall *%[become]\n"
        "1:"
        : "=a"(child)
        : "a"(SYS_clone3), "D"(arguments), "S"(sizeof *arguments), [program] "r"(program), [become] "r"(become)
        : "rcx", "r11", "memory", "cc");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clone3;
    register long first __asm__("x0") = (long)arguments;
    register long second __asm__("x1") = sizeof *arguments;
    __asm__ volatile(
        "svc 0\n\tcbnz x0, 1f\n\tmov x29, 0\n\tmov x0, %[program]\n\tblr %[become]\n1:"
        : "+r"(first)
        : "r"(number), "r"(second), [program] "r"(program), [become] "r"(become)
        : "memory", "cc");
    child = first;
#else
    (void)arguments, (void)program, (void)become;
#endif
    return child;
}

int csup_spawn_in(
    int group, pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory, int input,
    int output, int error) {
    static _Alignas(16) char stack[32 << 10];
    struct program program = {
        .path = path, .directory = directory, .argv = argv, .envp = envp, .input = input, .output = output,
        .error = error};
    struct clone_args arguments = {
        .flags = CLONE_INTO_CGROUP | CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD, .stack = (uint64_t)stack,
        .stack_size = sizeof stack, .cgroup = (uint64_t)group};
    sigset_t every, before;
    sigfillset(&every);
    sigprocmask(SIG_BLOCK, &every, &before);
    long child = clone_into(&arguments, &program);
    if (child > 0 && program.failure) {
        while (waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) {}
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0) return (int)child;
    if (!program.failure) *pid = (pid_t)child;
    return program.failure;
}

int csup_make_group(const char *path) {
    if (mkdir(path, 0755) != 0) return -errno;
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int failure = descriptor < 0 ? errno : 0;
    struct statfs system;
    // A folder of another file system may lie over the hierarchy; and before Linux 5.14 groups cannot be killed.
    if (!failure && (fstatfs(descriptor, &system) != 0 || system.f_type != CGROUP2_SUPER_MAGIC)) failure = ENOTSUP;
    if (!failure && faccessat(descriptor, "cgroup.kill", W_OK, 0) != 0) failure = errno == ENOENT ? ENOSYS : errno;
    if (!failure) return descriptor;
    if (descriptor >= 0) close(descriptor);
    rmdir(path);
    return -failure;
}

int csup_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno; }

int csup_child_signals(void) {
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &children, NULL) != 0) return -errno;
    int descriptor = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor >= 0 ? descriptor : -errno;
}

void csup_clear_signals(int descriptor) {
    struct signalfd_siginfo information;
    while (read(descriptor, &information, sizeof information) == sizeof information) {}
}

int csup_reserve(int descriptor, off_t offset, off_t length) {
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, length) == 0 ? 0 : errno;
}

int csup_lock(int descriptor) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
}

int csup_is_locked(int descriptor) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_GETLK, &whole) != 0) return -errno;
    return whole.l_type != F_UNLCK;
}

int csup_socket_pair(int *left, int *right) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
    *left = ends[0];
    *right = ends[1];
    return 0;
}

static int local_socket(const char *path, struct sockaddr_un *address) {
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return descriptor >= 0 ? descriptor : -errno;
}

int csup_listen(const char *path) {
    struct sockaddr_un address;
    int descriptor = local_socket(path, &address);
    if (descriptor < 0) return descriptor;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0600) != 0
        || listen(descriptor, 64) != 0 || csup_set_nonblocking(descriptor) != 0) {
        int failure = errno;
        close(descriptor);
        return -failure;
    }
    return descriptor;
}

int csup_connect(const char *path) {
    struct sockaddr_un address;
    int descriptor = local_socket(path, &address);
    if (descriptor < 0) return descriptor;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        int failure = errno;
        close(descriptor);
        return -failure;
    }
    return descriptor;
}

int csup_accept(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return -errno;
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
        && (peer.uid == geteuid() || peer.uid == 0)) return descriptor;
    close(descriptor);
    return -EPERM;
}

int csup_set_nonblocking(int descriptor) {
    return fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 ? 0 : errno;
}

int csup_set_close_on_exec(int descriptor) {
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 ? 0 : errno;
}
