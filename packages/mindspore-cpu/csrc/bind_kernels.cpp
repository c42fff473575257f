// The kernel factories, as Python calls them: plain numbers, strings and tuples in, a Kernel or None out.

#include "bind_kernels.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "along_axis.h"
#include "attention.h"
#include "conv.h"
#include "fft.h"
#include "linalg.h"
#include "loop_kernel.h"
#include "matmul.h"
#include "movement.h"
#include "pool.h"
#include "random.h"
#include "scatter.h"

namespace mindspore::cpu {

namespace {

using Pair = std::array<std::int64_t, 2>;
using Four = std::array<std::int64_t, 4>;
using Sizes = std::vector<std::int64_t>;

// None where there is no kernel.
py::object wrap(std::unique_ptr<Kernel> kernel, py::object keep = py::none()) {
  if (!kernel) return py::none();
  return py::cast(std::make_shared<KernelObject>(std::move(kernel), std::move(keep)));
}

template <class Kind, std::size_t N>
Kind kind_of(const char* family, const std::array<const char*, N>& names, const std::string& name) {
  for (std::size_t k = 0; k < N; ++k) {
    if (name == names[k]) return static_cast<Kind>(k);
  }
  throw std::invalid_argument(std::string(family) + ": there is no kind " + name);
}

constexpr std::array<const char*, 3> conv_kinds = {"forward", "input_grad", "weight_grad"};
constexpr std::array<const char*, 3> fft_kinds = {"full", "real", "half"};
constexpr std::array<const char*, 11> linalg_kinds = {"cholesky", "lu", "solve", "triangular_solve", "inverse",
                                                      "determinant", "log_determinant", "qr", "geqrf", "eigh", "svd"};
constexpr std::array<const char*, 6> pool_kinds = {"max", "max_grad", "max_pick", "max_index", "mean", "mean_grad"};

ConvShape conv_shape(const Four& image, const Four& weights, const Pair& output, const Pair& stride,
                     const Four& padding, const Pair& dilation, std::int64_t groups) {
  return {image[0],  image[1],  image[2],   image[3],   weights[0], weights[2], weights[3],  output[0],   output[1],
          stride[0], stride[1], padding[0], padding[1], padding[2], padding[3], dilation[0], dilation[1], groups};
}

py::object conv(const std::string& kind, const std::string& element, const Four& image, const Four& weights,
                const Pair& output, const Pair& stride, const Four& padding, const Pair& dilation, std::int64_t groups,
                bool bias, bool relu, const std::string& implementation) {
  const ConvShape shape = conv_shape(image, weights, output, stride, padding, dilation, groups);
  const auto conv_kind = kind_of<ConvKind>("conv", conv_kinds, kind);
  const auto make = implementation == "direct"    ? make_conv_direct
                    : implementation == "onednn"  ? make_conv_onednn
                    : implementation == "unfold"  ? make_conv_unfold
                                                  : make_conv;
  return wrap(make(conv_kind, element_of(element), shape, {bias, relu}));
}

std::string choose_conv(const std::string& kind, const std::string& element, const Four& image, const Four& weights,
                        const Pair& output, const Pair& stride, const Four& padding, const Pair& dilation,
                        std::int64_t groups) {
  return conv_choice(kind_of<ConvKind>("conv", conv_kinds, kind), element_of(element),
                     conv_shape(image, weights, output, stride, padding, dilation, groups), {});
}

// blocks: of image and output.
using Blocks = std::array<std::int64_t, 2>;

py::object blocked_conv(const std::string& kind, const std::string& element, const Four& image, const Four& weights,
                        const Pair& output, const Pair& stride, const Four& padding, const Pair& dilation,
                        std::int64_t groups, bool bias, bool relu, const Blocks& blocks, const std::string& kernels) {
  return wrap(make_conv_blocked(kind_of<ConvKind>("conv", conv_kinds, kind), element_of(element),
                                conv_shape(image, weights, output, stride, padding, dilation, groups), {bias, relu},
                                {blocks[0], blocks[1], kernels}));
}

bool has_blocked_conv(const std::string& kind, const std::string& element, const Four& image, const Four& weights,
                      const Pair& output, const Pair& stride, const Four& padding, const Pair& dilation,
                      std::int64_t groups, const Blocks& blocks, const std::string& kernels) {
  const auto conv_kind = kind_of<ConvKind>("conv", conv_kinds, kind);
  const bool forward = conv_kind == ConvKind::forward;  // which may get an epilogue later
  return has_conv_blocked(conv_kind, element_of(element),
                          conv_shape(image, weights, output, stride, padding, dilation, groups), {forward, forward},
                          {blocks[0], blocks[1], kernels});
}

std::string find_conv_packing(const std::string& element, const Four& image, const Four& weights, const Pair& output,
                              const Pair& stride, const Four& padding, const Pair& dilation, std::int64_t groups,
                              const Blocks& blocks) {
  return conv_packing(element_of(element), conv_shape(image, weights, output, stride, padding, dilation, groups),
                      {blocks[0], blocks[1], ""});
}

py::object pool(const std::string& kind, const std::string& element, const Four& image, const Pair& output,
                const Pair& kernel, const Pair& stride, const Four& padding, const Pair& dilation, bool count_padding,
                bool positive, std::int64_t block) {
  const std::int64_t planes = image[0] * image[1] / std::max<std::int64_t>(block, 1);
  const PoolShape shape{planes,    image[2],   image[3],   output[0],     output[1],     kernel[0], kernel[1],
                        stride[0], stride[1],  padding[0], padding[2],    dilation[0],   dilation[1],
                        count_padding, positive};
  const auto pool_kind = kind_of<PoolKind>("pool", pool_kinds, kind);
  return wrap(block == 0 ? make_pool(pool_kind, element_of(element), shape)
                         : make_pool_blocked(pool_kind, element_of(element), block, shape));
}

using Three = std::array<std::int64_t, 3>;
using Five = std::array<std::int64_t, 5>;
using Six = std::array<std::int64_t, 6>;

py::object conv3d(const std::string& kind, const std::string& element, const Five& image, const Five& kernels,
                  const Three& output, const Three& stride, const Six& padding, const Three& dilation,
                  std::int64_t groups) {
  return wrap(make_conv_volumes(kind_of<ConvKind>("conv3d", conv_kinds, kind), element_of(element),
                                {image, kernels, output, stride, padding, dilation, groups}));
}

py::object pool3d(const std::string& kind, const std::string& element, const Five& image, const Three& output,
                  const Three& kernel, const Three& stride, const Six& padding, const Three& dilation,
                  bool count_padding) {
  PoolShape shape{image[0] * image[1], image[3],   image[4],   output[1],  output[2],     kernel[1],  kernel[2],
                  stride[1],           stride[2],  padding[2], padding[4], dilation[1],   dilation[2],
                  count_padding,       false};
  shape.id = image[2];
  shape.od = output[0];
  shape.kd = kernel[0];
  shape.stride_d = stride[0];
  shape.front = padding[0];
  shape.dilation_d = dilation[0];
  return wrap(make_pool(kind_of<PoolKind>("pool3d", pool_kinds, kind), element_of(element), shape));
}

py::object copies(const std::vector<std::tuple<std::int64_t, Sizes, Sizes, Sizes, std::int64_t, std::int64_t>>& list,
                  std::int64_t total, const py::bytes& fill) {
  std::vector<StridedCopy> made;
  for (const auto& [bytes, sizes, from, to, from_offset, to_offset] : list) {
    made.push_back({bytes, sizes, from, to, from_offset, to_offset});
  }
  const std::string text = fill;
  return wrap(make_copies(std::move(made), total, {text.begin(), text.end()}));
}

py::object loop_kernel(const std::vector<std::tuple<std::uint64_t, std::int64_t, double>>& phases, int buffers,
                       std::uint64_t params, std::uint64_t scratch, py::object keep) {
  std::vector<LoopPhase> list;
  for (const auto& [address, units, nanoseconds] : phases) {
    list.push_back({reinterpret_cast<decltype(LoopPhase::function)>(address), units, nanoseconds});
  }
  return wrap(make_loop_kernel(std::move(list), params, scratch, buffers), std::move(keep));
}

void bind_along_axis(py::module_& module) {
  module.def(
      "arg",
      [](bool largest, const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner,
         const std::string& index) {
        return wrap(make_arg({element_of(element), outer, size, inner}, largest, element_of(index)));
      },
      py::arg("largest"), py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"), py::arg("index"),
      "The place along the middle axis of the first largest or smallest element, or of the first NaN. Buffers: x, "
      "places.");
  module.def(
      "cumsum",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner, bool reverse,
         bool exclusive) { return wrap(make_cumsum({element_of(element), outer, size, inner}, reverse, exclusive)); },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"), py::arg("reverse"),
      py::arg("exclusive"), "Running sums along the middle axis. Buffers: x, y.");
  module.def(
      "cumprod",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner) {
        return wrap(make_cumprod({element_of(element), outer, size, inner}));
      },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"),
      "Running products along the middle axis. Buffers: x, y.");
  module.def(
      "running_extremum",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner, bool largest) {
        return wrap(make_running_extremum({element_of(element), outer, size, inner}, largest));
      },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"), py::arg("largest"),
      "The extremum so far along the middle axis. Buffers: x, values, int64 places where it last stood.");
  module.def(
      "sort",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner, bool descending) {
        return wrap(make_sort({element_of(element), outer, size, inner}, descending));
      },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"), py::arg("descending"),
      "Stable sorting along the middle axis. Buffers: x, values, int32 places that they came from.");
  module.def(
      "kth",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner, std::int64_t rank) {
        return wrap(make_kth({element_of(element), outer, size, inner}, rank));
      },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"), py::arg("rank"),
      "The element of a rank in a stable sort along the middle axis. Buffers: x, values, int32 places.");
  module.def(
      "top_k",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t count, bool descending) {
        return wrap(make_top_k(element_of(element), outer, size, count, descending));
      },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("count"), py::arg("descending"),
      "The first of a stable sort of each row of x [outer, size]. Buffers: x, values, int32 places that they came from.");
}

void bind_attention(py::module_& module) {
  module.def(
      "attention",
      [](const std::string& kind, const std::string& element, const std::array<std::int64_t, 4>& sizes, Sizes batch,
         const std::array<Sizes, 3>& steps, const std::string& mask, Sizes mask_steps, bool causal, float scale) {
        AttentionSpec spec{};
        spec.element = element_of(element);
        std::tie(spec.rows, spec.columns, spec.size, spec.width) = std::tie(sizes[0], sizes[1], sizes[2], sizes[3]);
        spec.batch = std::move(batch);
        spec.q_steps = steps[0];
        spec.k_steps = steps[1];
        spec.v_steps = steps[2];
        spec.mask = mask == "keep" ? Mask::keep : mask == "added" ? Mask::added : Mask::none;
        if (spec.mask != Mask::none) {
          spec.mask_column = mask_steps.back();
          spec.mask_row = mask_steps[mask_steps.size() - 2];
          mask_steps.resize(mask_steps.size() - 2);
          spec.mask_steps = std::move(mask_steps);
        }
        spec.causal = causal;
        spec.scale = scale;
        return wrap(kind == "grad" ? make_attention_grad(spec) : make_attention(spec, kind == "log_sum"));
      },
      py::arg("kind"), py::arg("element"), py::arg("sizes"), py::arg("batch"), py::arg("steps"), py::arg("mask"),
      py::arg("mask_steps"), py::arg("causal"), py::arg("scale"),
      "Attention in tiles: plain (q, k, v, [mask], out), log_sum (the same and log_sum), grad (dout, out, log_sum, q, k, "
      "v, [mask], dq, dk, dv). sizes: queries, keys, features of both, features of values; steps: of q, k and v along "
      "the axes of batch; mask: keep, added, or empty; mask_steps: along those axes, queries and keys.");
}

void bind_fft(py::module_& module) {
  module.def(
      "fft",
      [](const std::string& kind, const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t inner,
         bool inverse) {
        return wrap(make_fft({kind_of<FftKind>("fft", fft_kinds, kind), element_of(element), inverse, outer, size, inner}));
      },
      py::arg("kind"), py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("inner"), py::arg("inverse"),
      "Fourier transforms of `size` numbers along the middle axis, not divided by anything. kind: full (complex), real "
      "(real to half a spectrum), half (half a spectrum to real); element: float32 or float64, of the parts; inverse: of "
      "full. Buffers: x, y.");
}

void bind_linalg(py::module_& module) {
  module.def(
      "linalg",
      [](const std::string& kind, const std::string& part, bool complex, const std::array<std::int64_t, 3>& sizes,
         const Sizes& batch, const Sizes& a_steps, const Sizes& b_steps, bool lower, bool transpose, bool unit,
         bool full) {
        return wrap(make_linalg({kind_of<LinalgKind>("linalg", linalg_kinds, kind), element_of(part), complex, sizes[0],
                                 sizes[1], sizes[2], batch, a_steps, b_steps, lower, transpose, unit, full}));
      },
      py::arg("kind"), py::arg("part"), py::arg("complex"), py::arg("sizes"), py::arg("batch"), py::arg("a_steps"),
      py::arg("b_steps"), py::arg("lower") = true, py::arg("transpose") = false, py::arg("unit") = false,
      py::arg("full") = false,
      "Stacks of matrices a (m, n) and right sides (n, k): cholesky (a, l), lu (a, factors, places), solve (a, b, x), "
      "triangular_solve (a, b, x), inverse (a, x), determinant (a, d), log_determinant (a, sign, log), qr (a, q, r), "
      "geqrf (a, reflections, factors), eigh (a, values, vectors), svd (a, values, u, v). part: float32 or float64; sizes: m, n, k; batch: sizes of the leading axes; "
      "a_steps, b_steps: how many matrices lie from one to the next along them; full: q, or u and v, are square.");
  module.def(
      "exchanges",
      [](const std::string& index, std::int64_t count, std::int64_t k, std::int64_t size) {
        return wrap(make_exchanges(element_of(index), count, k, size));
      },
      py::arg("index"), py::arg("count"), py::arg("k"), py::arg("size"),
      "The order of `size` rows after exchanges, one after the other. Buffers: places (count, k), int64 order.");
}

void bind_foreign(py::module_& module) {
  module.def("loop_kernel", &loop_kernel, py::arg("phases"), py::arg("buffers"), py::arg("params"), py::arg("scratch"),
             py::arg("keep"),
             "A kernel of generated loops. phases: (address of a function, units, nanoseconds per unit); buffers: how "
             "many inputs and outputs; params: an address that the functions get first; scratch: bytes of temporary memory, "
             "whose address they get second, before the buffers; keep: owns the code.");
  module.def(
      "region_kernel",
      [](std::uint64_t address, int buffers, double nanoseconds, std::uint64_t scratch, py::object keep) {
        return wrap(make_region_kernel(reinterpret_cast<RegionFunction>(address), nanoseconds, scratch, buffers),
                    std::move(keep));
      },
      py::arg("address"), py::arg("buffers"), py::arg("nanoseconds"), py::arg("scratch"), py::arg("keep"),
      "A kernel that runs a whole region, which only executors can do. address: of a function (addresses of the buffers, "
      "scratch, services); nanoseconds: of one trip; scratch: bytes of temporary memory; keep: owns the code.");
  module.def(
      "host_kernel",
      [](py::object function, std::vector<std::uint64_t> inputs, std::vector<std::uint64_t> outputs) {
        return wrap(make_host_kernel(std::move(function), std::move(inputs), std::move(outputs)));
      },
      py::arg("function"), py::arg("input_bytes"), py::arg("output_bytes"),
      "A kernel that calls `function(inputs, outputs)` with lists of Buffers, which it must not keep.");
}

}  // namespace

void bind_kernels(py::module_& module) {
  bind_foreign(module);
  bind_along_axis(module);
  bind_attention(module);
  bind_fft(module);
  bind_linalg(module);
  module.def(
      "random_bits", [](std::int64_t count) { return wrap(make_random_bits(count)); }, py::arg("count"),
      "Words of 32 bits by Philox4x32-10. Buffers: (seed, offset) as int64[2], the words.");
  module.def(
      "matmul",
      [](const std::string& element, Sizes a, Sizes b, bool transpose_a, bool transpose_b, bool bias, bool relu,
         const std::string& implementation) {
        const MatmulSpec spec{element_of(element), std::move(a), std::move(b), transpose_a, transpose_b, bias, relu};
        if (implementation == "own") return wrap(make_matmul_own(spec, plan_matmul(spec)));
        if (implementation == "onednn") return wrap(make_matmul_onednn(spec, plan_matmul(spec)));
        return wrap(make_matmul(spec));
      },
      py::arg("element"), py::arg("a_shape"), py::arg("b_shape"), py::arg("transpose_a"), py::arg("transpose_b"),
      py::arg("bias") = false, py::arg("relu") = false, py::arg("implementation") = "",
      "relu?(a @ b + bias). Buffers: a, b, [bias], c. implementation: own or onednn instead of the faster one.");
  module.def("conv", &conv, py::arg("kind"), py::arg("element"), py::arg("image"), py::arg("weights"), py::arg("output"),
             py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("groups"), py::arg("bias") = false,
             py::arg("relu") = false, py::arg("implementation") = "",
             "A convolution or a derivative of it: forward (x, w, [bias], y), input_grad (dy, w, dx), weight_grad (x, "
             "dy, dw). image: [n, c, h, w]; weights: [o, i, kh, kw]; output: [oh, ow]; padding: top, bottom, left, "
             "right; implementation: direct, onednn or unfold instead of the fastest. None where there is no kernel.");
  module.def("conv_choice", &choose_conv, py::arg("kind"), py::arg("element"), py::arg("image"), py::arg("weights"),
             py::arg("output"), py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("groups"),
             "The implementation that `conv` tries first: direct, onednn or unfold.");
  module.def("blocked_conv", &blocked_conv, py::arg("kind"), py::arg("element"), py::arg("image"), py::arg("weights"),
             py::arg("output"), py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("groups"),
             py::arg("bias"), py::arg("relu"), py::arg("blocks"), py::arg("kernels"),
             "As `conv` by oneDNN, with operands in blocks: of the image's channels and the output's; 0: plain. kernels: "
             "the name of their packing; empty: plain. image and weights are the plain shapes. None where there is no "
             "kernel.");
  module.def("has_blocked_conv", &has_blocked_conv, py::arg("kind"), py::arg("element"), py::arg("image"),
             py::arg("weights"), py::arg("output"), py::arg("stride"), py::arg("padding"), py::arg("dilation"),
             py::arg("groups"), py::arg("blocks"), py::arg("kernels"),
             "Whether `blocked_conv` gives a kernel, without making it.");
  module.def("conv_packing", &find_conv_packing, py::arg("element"), py::arg("image"), py::arg("weights"),
             py::arg("output"), py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("groups"),
             py::arg("blocks"),
             "The name of the packing in which a forward convolution on blocks takes its kernels fastest; empty where "
             "there is none.");
  module.def("pool", &pool, py::arg("kind"), py::arg("element"), py::arg("image"), py::arg("output"), py::arg("kernel"),
             py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("count_padding") = false, py::arg("positive") = false,
             py::arg("block") = 0,
             "max (x, y), max_grad (x, y, dy, dx), max_pick (x, y, z, picked), max_index (x, y, places), mean (x, y), "
             "mean_grad (dy, dx). positive: max_grad with the cotangents of maxima that are not positive as 0. "
             "block: the channels of images come in blocks, [n, c / block, h, w, block], of a vector's lanes or a multiple of "
             "them. None where there is no kernel.");
  module.def("conv3d", &conv3d, py::arg("kind"), py::arg("element"), py::arg("image"), py::arg("weights"),
             py::arg("output"), py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("groups"),
             "As `conv`, of volumes [n, c, d, h, w].");
  module.def("pool3d", &pool3d, py::arg("kind"), py::arg("element"), py::arg("image"), py::arg("output"), py::arg("kernel"),
             py::arg("stride"), py::arg("padding"), py::arg("dilation"), py::arg("count_padding") = false,
             "As `pool`, of volumes [n, c, d, h, w].");
  module.def("copies", &copies, py::arg("copies"), py::arg("total"), py::arg("fill"),
             "Strided copies of inputs into one output. copies: for each input (bytes per element, sizes, source steps, "
             "target steps, source offset, target offset) in elements; total: the output's elements; fill: the bytes of "
             "the element that fills it first, or none.");
  module.def(
      "scatter_update",
      [](std::int64_t rows, std::int64_t count, std::size_t row_bytes, const std::string& index) {
        return wrap(make_scatter_update({rows, count, row_bytes, element_of(index)}));
      },
      py::arg("rows"), py::arg("count"), py::arg("row_bytes"), py::arg("index"),
      "y = x[rows] with the rows at indices[count] replaced, one after the other. Buffers: x, indices, updates, y.");
  module.def(
      "scatter_add",
      [](const std::string& element, std::int64_t outer, std::int64_t size, std::int64_t count, std::int64_t inner,
         const std::string& index, bool own_index) {
        return wrap(make_scatter_add({element_of(element), outer, size, count, inner, element_of(index), own_index}));
      },
      py::arg("element"), py::arg("outer"), py::arg("size"), py::arg("count"), py::arg("inner"), py::arg("index"),
      py::arg("own_index"),
      "y = x[outer, size, inner] with updates[outer, count, inner] added at indices[count], or with own_index at "
      "indices[outer, count, inner]. Buffers: x, indices, updates, y.");
}

}  // namespace mindspore::cpu
