// Starts our kernels: on a card by NVRTC and the driver, both found at run time, or by a library that stands in for a card.
#include "operations.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

namespace {
#define KERNELS(...) #__VA_ARGS__
const char source[] =
#include "kernels.h"
    ;
#undef KERNELS

template <typename Function> void need(void *library, const char *name, Function &function) {
    TORCH_CHECK(echo::find(library, name, function), "fused kernels: there is no ", name);
}

/// What is needed of the driver's interface (cuda.h) and of NVRTC's (nvrtc.h); PyTorch brings no headers of theirs.
struct Card {
    int (*attribute)(int *value, int attribute, int device);
    int (*load)(void **module, const void *code);
    int (*function)(void **function, void *module, const char *name);
    int (*launch)(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                  unsigned blockZ, unsigned shared, void *stream, void **arguments, void **extra);
    int (*create)(void **program, const char *source, const char *name, int headers, const char *const *texts,
                  const char *const *names);
    int (*compile)(void *program, int options, const char *const *texts);
    int (*logSize)(void *program, size_t *bytes);
    int (*log)(void *program, char *text);
    int (*codeSize)(void *program, size_t *bytes);
    int (*code)(void *program, char *bytes);
    int (*destroy)(void **program);

    Card() {
        void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
        need(driver, "cuDeviceGetAttribute", attribute);
        need(driver, "cuModuleLoadData", load);
        need(driver, "cuModuleGetFunction", function);
        need(driver, "cuLaunchKernel", launch);
        // PyTorch's own library leads to the NVRTC that came with it.
        void *compiler = nullptr;
        for (const char *name : {"libcaffe2_nvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}) {
            if (!compiler) compiler = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        }
        need(compiler, "nvrtcCreateProgram", create);
        need(compiler, "nvrtcCompileProgram", compile);
        need(compiler, "nvrtcGetProgramLogSize", logSize);
        need(compiler, "nvrtcGetProgramLog", log);
        need(compiler, "nvrtcGetCUBINSize", codeSize);
        need(compiler, "nvrtcGetCUBIN", code);
        need(compiler, "nvrtcDestroyProgram", destroy);
    }
};

/// The kernels on a card, compiled for it.
class CardKernels : public echo::Kernels {
    const Card card;
    void *module = nullptr;

  public:
    explicit CardKernels(int device) : Kernels(256) {
        int major = 0, minor = 0;
        // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
        TORCH_CHECK(card.attribute(&major, 75, device) == 0 && card.attribute(&minor, 76, device) == 0,
                    "fused kernels: the card does not say what it is");
        std::string architecture = "--gpu-architecture=sm_" + std::to_string(10 * major + minor);
        const char *options[] = {architecture.c_str(), "--std=c++17"};
        void *program = nullptr;
        TORCH_CHECK(card.create(&program, source, "echoprep.cu", 0, nullptr, nullptr) == 0, "fused kernels: NVRTC fails");
        int status = card.compile(program, 2, options);
        if (status != 0) {
            size_t bytes = 0;
            card.logSize(program, &bytes);
            std::string words(bytes, ' ');
            card.log(program, words.data());
            card.destroy(&program);
            TORCH_CHECK(false, "fused kernels: NVRTC: ", words);
        }
        size_t bytes = 0;
        card.codeSize(program, &bytes);
        std::vector<char> code(bytes);
        card.code(program, code.data());
        card.destroy(&program);
        status = card.load(&module, code.data());
        TORCH_CHECK(status == 0, "fused kernels: the driver refuses the kernels: ", status);
    }

    void start(const char *name, unsigned blocks, void **arguments, const at::Device &device) override {
        void *function = nullptr;
        int status = card.function(&function, module, name);
        c10::impl::VirtualGuardImpl guard(device.type());
        void *stream = guard.getStream(device).native_handle();
        if (status == 0) status = card.launch(function, blocks, 1, 1, block, 1, 1, 0, stream, arguments, nullptr);
        TORCH_CHECK(status == 0, name, " does not start: ", status);
    }
};

/// The kernels as a host's code.
class HostKernels : public echo::Kernels {
    void (*run)(const char *name, unsigned blocks, unsigned threads, void **arguments);

  public:
    explicit HostKernels(const char *path) : Kernels(4) {
        need(dlopen(path, RTLD_NOW | RTLD_LOCAL), "echo_fused_run", run);
    }

    void start(const char *name, unsigned blocks, void **arguments, const at::Device &) override {
        run(name, blocks, block, arguments);
    }
};

/// The address of a tensor's numbers; none of one that is not defined.
void *place(const Tensor &x) { return x.defined() ? x.data_ptr() : nullptr; }

/// Blocks for so many numbers, one each, or more where they are many.
unsigned blocks(const echo::Kernels &kernels, int64_t count) {
    return (unsigned)std::clamp<int64_t>((count + kernels.block - 1) / kernels.block, 1, 4096);
}

template <typename... Arguments> void start(EchoDevice *on, const std::string &name, unsigned blocks, Arguments... values) {
    void *arguments[] = {&values...};
    on->kernels->start(name.c_str(), blocks, arguments, on->device);
}

const char *type(const Tensor &x) {
    TORCH_CHECK(x.is_contiguous(), "kernels take whole tensors");
    if (x.scalar_type() == at::kFloat) return "_f32";
    TORCH_CHECK(x.scalar_type() == at::kBFloat16, "kernels take F32 and BF16");
    return "_bf16";
}
}  // namespace

namespace echo {
std::shared_ptr<Kernels> kernels(const at::Device &device, const char *asked) {
    if (!asked) return nullptr;
    if (std::string(asked) != "on") return std::make_shared<HostKernels>(asked);
    if (!device.is_cuda()) return nullptr;
    return std::make_shared<CardKernels>(device.index());
}

void geluBack(EchoDevice *on, const Tensor &dx, const Tensor &before) {
    long count = dx.numel();
    start(on, std::string("echo_gelu_back") + type(dx), blocks(*on->kernels, count), place(dx), place(before), count);
}

void addBoth(EchoDevice *on, const Tensor &y, const Tensor &bias, const Tensor &residual) {
    long count = y.numel(), width = bias.numel();
    start(on, "echo_add", blocks(*on->kernels, count), place(y), place(bias), place(residual), count, width);
}

void norm(EchoDevice *on, const Tensor &y, const Tensor &bias, const Tensor &residual, const Tensor &scale,
          const Tensor &shift, const Tensor &normed, const Tensor &mean, const Tensor &inverse, double epsilon) {
    long rows = mean.numel(), width = scale.numel();
    start(on, std::string("echo_norm") + type(normed), (unsigned)std::clamp<long>(rows, 1, 65535), place(y), place(bias),
          place(residual), place(scale), place(shift), place(normed), place(mean), place(inverse), rows, width,
          (float)epsilon);
}

void join(EchoDevice *on, const Tensor &dq, const Tensor &dk, const Tensor &dv, const Tensor &y) {
    Tensor q = dq.contiguous(), k = dk.contiguous(), v = dv.contiguous();
    long rows = y.size(0), heads = y.size(2), width = y.size(3), padded = q.size(-1);
    start(on, std::string("echo_join") + type(q) + type(y), blocks(*on->kernels, y.numel()), place(q), place(k), place(v),
          place(y), rows, heads, width, padded);
}
}  // namespace echo
