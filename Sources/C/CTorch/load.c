// Opens the library that `make torch` compiled, apart from the BLAS that the program brings itself.
#define _GNU_SOURCE
#include "ctorch.h"
#include <dlfcn.h>
#include <stdio.h>

void echo_torch_home(char *path, long bytes) {
    Dl_info found;
    int isFound = dladdr((void *)&echo_torch_home, &found) != 0 && found.dli_fname;
    snprintf(path, (size_t)bytes, "%s", isFound ? found.dli_fname : "");
}

const EchoTorch *echo_torch_load(const char *path, char *error, long bytes) {
    // Without RTLD_DEEPBIND PyTorch's own products would be bound to our OpenBLAS.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    const EchoTorch *(*table)(int) = 0;
    if (library) *(void **)&table = dlsym(library, "echo_torch");
    if (!table) {
        const char *why = dlerror();
        snprintf(error, (size_t)bytes, "%s", why ? why : "no reason is known");
        return 0;
    }
    const EchoTorch *found = table(ECHO_TORCH_INTERFACE);
    if (!found) snprintf(error, (size_t)bytes, "it was compiled for another version of echoprep or of PyTorch");
    return found;
}
