// Starts the program of a bundle: by the machine's own loader where its glibc is new enough, else by the bundle's.
//
// A library that is opened at run time (PyTorch, MPI) was made for the machine's glibc, so that one goes first. Linked
// statically, this file itself needs neither.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/// The second number of the machine's glibc, as 36 of 2.36, which its loader says since 2.33; -1 where it does not.
static int machine_glibc(void) {
    static const char words[] = "stable release version 2.";
    const int file = open(MACHINE_LOADER, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0 || status.st_size == 0) return -1;
    const size_t size = (size_t)status.st_size;
    const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED) return -1;
    const char *found = memmem(bytes, size, words, sizeof words - 1);
    if (!found || found + sizeof words + 2 > bytes + size) return -1;
    const char number[] = {found[sizeof words - 1], found[sizeof words], 0};
    return atoi(number);
}

int main(int count, char **words) {
    char root[PATH_MAX], program[PATH_MAX + 64], loader[PATH_MAX + 64], libraries[PATH_MAX + 64];
    const ssize_t length = readlink("/proc/self/exe", root, sizeof root - 1);
    if (length <= 0) return fputs("echoprep: there is no /proc here\n", stderr), 1;
    root[length] = 0;
    // ROOT/bin/NAME
    char *name = strrchr(root, '/'), *bin;
    *name++ = 0;
    bin = strrchr(root, '/');
    if (!bin) return fputs("echoprep: what bin/echoprep lay beside is not here; unpack the bundle whole\n", stderr), 1;
    *bin = 0;
    snprintf(program, sizeof program, "%s/libexec/%s", root, name);
    if (machine_glibc() >= NEEDED_GLIBC) {
        execv(program, words);
    } else {
        snprintf(loader, sizeof loader, "%s/lib/glibc/%s", root, strrchr(MACHINE_LOADER, '/') + 1);
        snprintf(libraries, sizeof libraries, "%s/lib/glibc", root);
        char **given = calloc((size_t)count + 4, sizeof *given);
        if (!given) return 1;
        given[0] = loader, given[1] = "--library-path", given[2] = libraries, given[3] = program;
        for (int i = 1; i < count; i++) given[i + 3] = words[i];
        execv(loader, given);
    }
    fprintf(stderr, "echoprep: %s: %s\n  try: unpack the bundle again\n", program, strerror(errno));
    return 1;
}
