// Sums over the devices of several processes, by the NCCL that libtorch_cuda brings along.
#include "operations.h"

#include <cstring>
#include <dlfcn.h>

/// The devices of several processes, joined by NCCL.
struct EchoLink {
    EchoDevice *on;
    void *communicator;
};

namespace {
/// What is needed of NCCL's interface (nccl.h, the same since 2.0); PyTorch brings no header of it.
struct Name {
    char bytes[ECHO_LINK_NAME];
};
struct Collectives {
    int (*name)(Name *);
    int (*join)(void **communicator, int count, Name, int rank);
    int (*sum)(const void *from, void *into, size_t count, int type, int operation, void *communicator, void *stream);
    int (*leave)(void *communicator);
    const char *(*words)(int result);
};
const int float32 = 7, float64 = 8, adding = 0;
std::mutex finding;
std::optional<Collectives> collectives;

void check(int result) { TORCH_CHECK(result == 0, "NCCL: ", collectives->words(result)); }
}  // namespace

namespace echo {
int joins(EchoDevice *device, const char *path) {
    std::lock_guard<std::mutex> lock(finding);
    if (collectives) return 1;
    // Of a card the one that is there with PyTorch's own code.
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL)
        : device->device.is_cuda() ? dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) : nullptr;
    Collectives found;
    if (!library || !find(library, "ncclGetUniqueId", found.name) || !find(library, "ncclCommInitRank", found.join) ||
        !find(library, "ncclAllReduce", found.sum) || !find(library, "ncclCommDestroy", found.leave) ||
        !find(library, "ncclGetErrorString", found.words)) {
        return 0;
    }
    collectives = found;
    return 1;
}

int nameLink(EchoDevice *device, uint8_t *name) {
    return guarded(device, [&] {
        Name made;
        check(collectives->name(&made));
        memcpy(name, made.bytes, sizeof made.bytes);
    });
}

int makeLink(EchoDevice *device, int rank, int count, const uint8_t *name, EchoLink **made) {
    return guarded(device, [&] {
        Name given;
        memcpy(given.bytes, name, sizeof given.bytes);
        auto link = std::make_unique<EchoLink>(EchoLink{device, nullptr});
        check(collectives->join(&link->communicator, count, given, rank));
        *made = link.release();
    });
}

void releaseLink(EchoLink *link) {
    guarded(link->on, [&] { check(collectives->leave(link->communicator)); });
    delete link;
}

int sum(EchoLink *link, EchoBuffer *buffer) {
    return guarded(link->on, [&] {
        Tensor numbers = buffer->changing({buffer->count});
        TORCH_CHECK(numbers.scalar_type() != at::kBFloat16, "sums over ranks are of F32 or F64");
        void *stream = nullptr;
        if (link->on->side) {
            c10::impl::VirtualGuardImpl guard(link->on->device.type());
            stream = guard.getStream(link->on->device).native_handle();
        }
        check(collectives->sum(numbers.data_ptr(), numbers.data_ptr(), (size_t)buffer->count,
                               numbers.scalar_type() == at::kDouble ? float64 : float32, adding, link->communicator, stream));
    });
}
}  // namespace echo
