// Makes a chosen system call of a program fail, or come short: preloaded, so that any program can be tested with it.
//
// FAULT_STATE is a file of 16 bytes: how many calls matched so far, and how many of them failed; without it nothing
// happens. Of the calls of kind FAULT_CALL on files below the folder FAULT_UNDER, or of memory that a library asks for whose
// path holds FAULT_UNDER, number FAULT_AT (from 1) and the FAULT_TIMES - 1 after it (-1: all after it) fail with the number FAULT_ERRNO; 0 lets a read or write come short.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct state { atomic_llong matched, failed; };

static struct state *state;
static const char *kind, *under;
static long long at, times;
static int code;

// Before the libraries' own constructors may call anything that counts.
static void prepare(void) {
    static atomic_int begun;
    if (atomic_exchange(&begun, 1)) return;
    const char *file = getenv("FAULT_STATE");
    kind = getenv("FAULT_CALL");
    under = getenv("FAULT_UNDER");
    if (!file || !kind) return;
    at = atoll(getenv("FAULT_AT") ? getenv("FAULT_AT") : "0");
    times = atoll(getenv("FAULT_TIMES") ? getenv("FAULT_TIMES") : "1");
    code = atoi(getenv("FAULT_ERRNO") ? getenv("FAULT_ERRNO") : "0");
    long fd = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = (void *)syscall(SYS_mmap, NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map != MAP_FAILED) state = map;
}

__attribute__((constructor)) static void begin(void) { prepare(); }

static int is_below(const char *path) {
    if (!under || !*under) return 1;
    char folder[4096];
    if (path && path[0] != '/') {
        if (!getcwd(folder, sizeof folder)) return 0;
        strncat(folder, "/", sizeof folder - strlen(folder) - 1);
        strncat(folder, path, sizeof folder - strlen(folder) - 1);
        path = folder;
    }
    return path && strncmp(path, under, strlen(under)) == 0;
}

static int is_open_below(int fd) {
    if (!under || !*under) return 1;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    // Pipes and sockets have no path.
    if (length <= 0 || path[0] != '/') return 0;
    path[length] = 0;
    return is_below(path);
}

// Whether this call of the chosen kind is one that fails.
static int strikes(void) {
    long long number = atomic_fetch_add(&state->matched, 1) + 1;
    if (at <= 0 || number < at || (times >= 0 && number >= at + times)) return 0;
    atomic_fetch_add(&state->failed, 1);
    return 1;
}

static int is_kind(const char *name) {
    prepare();
    return state && !strcmp(kind, name);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define FAIL_IF(condition, value) \
    if ((condition) && strikes()) { errno = code; return value; }

#define MODE(flags, mode) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) {
    REAL(open); MODE(flags, mode)
    FAIL_IF(is_kind("open") && is_below(path), -1)
    return real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    REAL(open64); MODE(flags, mode)
    FAIL_IF(is_kind("open") && is_below(path), -1)
    return real(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    REAL(openat); MODE(flags, mode)
    FAIL_IF(is_kind("open") && (path[0] == '/' || folder == AT_FDCWD ? is_below(path) : is_open_below(folder)), -1)
    return real(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    REAL(openat64); MODE(flags, mode)
    FAIL_IF(is_kind("open") && (path[0] == '/' || folder == AT_FDCWD ? is_below(path) : is_open_below(folder)), -1)
    return real(folder, path, flags, mode);
}
DIR *opendir(const char *path) {
    REAL(opendir);
    FAIL_IF(is_kind("opendir") && is_below(path), NULL)
    return real(path);
}
FILE *fopen(const char *path, const char *mode) {
    REAL(fopen);
    FAIL_IF(is_kind("open") && is_below(path), NULL)
    return real(path, mode);
}
FILE *fopen64(const char *path, const char *mode) {
    REAL(fopen64);
    FAIL_IF(is_kind("open") && is_below(path), NULL)
    return real(path, mode);
}

// A short one does half of what it was asked for; of a single byte nothing can be left out.
#define STREAM(name, type, argument, extra, pass) \
    ssize_t name(int fd, type bytes, size_t count extra) { \
        REAL(name); \
        if (is_kind(argument) && is_open_below(fd) && strikes()) { \
            if (code) { errno = code; return -1; } \
            if (count > 1) count /= 2; \
        } \
        return real(fd, bytes, count pass); \
    }
#define COMMA ,
STREAM(read, void *, "read", , )
STREAM(write, const void *, "write", , )
STREAM(pread, void *, "read", COMMA off_t place, COMMA place)
STREAM(pread64, void *, "read", COMMA off64_t place, COMMA place)
STREAM(pwrite, const void *, "write", COMMA off_t place, COMMA place)
STREAM(pwrite64, const void *, "write", COMMA off64_t place, COMMA place)

#define ON_FILE(name, argument, parameters, fd, pass) \
    int name parameters { \
        REAL(name); \
        FAIL_IF(is_kind(argument) && is_open_below(fd), -1) \
        return real pass; \
    }
ON_FILE(fsync, "fsync", (int fd), fd, (fd))
ON_FILE(fdatasync, "fsync", (int fd), fd, (fd))
ON_FILE(ftruncate, "ftruncate", (int fd, off_t size), fd, (fd, size))
ON_FILE(ftruncate64, "ftruncate", (int fd, off64_t size), fd, (fd, size))

#define ON_NAME(name, argument, parameters, path, pass) \
    int name parameters { \
        REAL(name); \
        FAIL_IF(is_kind(argument) && is_below(path), -1) \
        return real pass; \
    }
ON_NAME(rename, "rename", (const char *from, const char *to), to, (from, to))
ON_NAME(linkat, "rename", (int a, const char *from, int b, const char *to, int flags), to, (a, from, b, to, flags))
ON_NAME(unlink, "unlink", (const char *path), path, (path))
ON_NAME(mkdir, "mkdir", (const char *path, mode_t mode), path, (path, mode))
ON_NAME(stat, "stat", (const char *restrict path, struct stat *restrict to), path, (path, to))
ON_NAME(lstat, "stat", (const char *restrict path, struct stat *restrict to), path, (path, to))
ON_NAME(access, "stat", (const char *path, int mode), path, (path, mode))
int fstatat(int folder, const char *restrict path, struct stat *restrict to, int flags) {
    REAL(fstatat);
    FAIL_IF(is_kind("stat") && (path[0] == '/' || folder == AT_FDCWD ? is_below(path) : is_open_below(folder)), -1)
    return real(folder, path, to, flags);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t place) {
    REAL(mmap);
    FAIL_IF(fd >= 0 && is_kind("mmap") && is_open_below(fd), MAP_FAILED)
    return real(address, size, protection, flags, fd, place);
}
void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t place) {
    REAL(mmap64);
    FAIL_IF(fd >= 0 && is_kind("mmap") && is_open_below(fd), MAP_FAILED)
    return real(address, size, protection, flags, fd, place);
}

// Memory that libraries ask for whose path holds FAULT_UNDER.
static int is_asked_by_library(const void *caller) {
    Dl_info library;
    return under && *under && dladdr(caller, &library) && library.dli_fname && strstr(library.dli_fname, under);
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_memalign(size_t, size_t);
void *malloc(size_t size) {
    FAIL_IF(is_kind("memory") && is_asked_by_library(__builtin_return_address(0)), NULL)
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    FAIL_IF(is_kind("memory") && is_asked_by_library(__builtin_return_address(0)), NULL)
    return __libc_calloc(count, size);
}
int posix_memalign(void **to, size_t alignment, size_t size) {
    if (is_kind("memory") && is_asked_by_library(__builtin_return_address(0)) && strikes()) return errno = code;
    void *found = __libc_memalign(alignment, size);
    if (!found) return ENOMEM;
    *to = found;
    return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    REAL(pthread_create);
    if (is_kind("thread") && strikes()) return code;
    return real(thread, attributes, body, argument);
}
