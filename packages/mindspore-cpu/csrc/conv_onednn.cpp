// Convolution by oneDNN.
//
// oneDNN's fast convolutions want their operands in blocked layouts of their own choice. The operands of the plan are
// plain, so the program reorders what the implementation asks for and reorders the result back, in scratch memory. The
// reorders read and write each element once, which is little beside the arithmetic of a convolution with many channels.
// Half-precision operands are widened to f32 on the way in and rounded on the way out, except where the processor can
// multiply them and channels come in whole blocks: with a channel left over, oneDNN multiplies a neighbouring element by
// a zero weight, which turns an infinity into NaN.

#include "conv.h"
#include "onednn.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

constexpr double multiplications_per_nanosecond = 60;

using dnnl::memory;
using Dims = memory::dims;

struct Layouts {
  memory::desc x, w, y, bias;
};

// A convolution of images or volumes as oneDNN describes it.
struct Sizes {
  Dims x, w, y;
  Dims strides, dilates, low, high;
  std::int64_t groups;

  double multiplications() const {
    double result = 1;
    for (const auto size : y) result *= static_cast<double>(size);
    for (std::size_t axis = groups == 1 ? 1 : 2; axis < w.size(); ++axis) result *= static_cast<double>(w[axis]);
    return result;
  }
};

Dims grouped(const Dims& w, std::int64_t groups) {
  if (groups == 1) return w;
  Dims result = {groups, w[0] / groups};
  result.insert(result.end(), w.begin() + 1, w.end());
  return result;
}

// low: the padding in front of each axis. oneDNN wants that behind it to be what the output size implies, exactly.
Sizes complete(Dims x, const Dims& w, Dims y, Dims strides, const Dims& dilation, Dims low, std::int64_t groups) {
  Dims dilates, high;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    dilates.push_back(dilation[axis] - 1);
    high.push_back((y[axis + 2] - 1) * strides[axis] + (w[axis + 2] - 1) * dilation[axis] + 1 - x[axis + 2] - low[axis]);
  }
  return {std::move(x), grouped(w, groups), std::move(y), std::move(strides), std::move(dilates), std::move(low),
          std::move(high), groups};
}

Sizes sizes_of(const ConvShape& s) {
  return complete({s.n, s.ic, s.ih, s.iw}, {s.oc, s.ic / s.groups, s.kh, s.kw}, {s.n, s.oc, s.oh, s.ow},
                  {s.stride_h, s.stride_w}, {s.dilation_h, s.dilation_w}, {s.top, s.left}, s.groups);
}

Sizes sizes_of(const VolumeShape& s) {
  const auto [n, ic, id, ih, iw] = s.image;
  return complete({n, ic, id, ih, iw}, {s.kernels.begin(), s.kernels.end()},
                  {n, s.kernels[0], s.output[0], s.output[1], s.output[2]}, {s.stride.begin(), s.stride.end()},
                  {s.dilation.begin(), s.dilation.end()}, {s.padding[0], s.padding[2], s.padding[4]}, s.groups);
}

memory::desc row_major(const Dims& sizes, memory::data_type type) {
  Dims strides(sizes.size(), 1);
  for (std::size_t axis = sizes.size() - 1; axis-- > 0;) strides[axis] = strides[axis + 1] * sizes[axis + 1];
  return {sizes, type, strides};
}

bool is_vector(std::int64_t block, memory::data_type type) {
  return type == memory::data_type::f32 && (block == 8 || block == 16);
}

memory::desc image(const Dims& sizes, std::int64_t block, memory::data_type type) {
  if (block == 0) return row_major(sizes, type);
  if (!is_vector(block, type)) return {sizes, type, memory::format_tag::nhwc};
  return {sizes, type, block == 16 ? memory::format_tag::nChw16c : memory::format_tag::nChw8c};
}

// A packing of kernels, and how many inputs and outputs come together in it.
struct Packing {
  const char* name;
  memory::format_tag tag;
  std::int64_t inputs, outputs;
};

#define PACKING(name, inputs, outputs) {#name, static_cast<memory::format_tag>(dnnl_##name), inputs, outputs}
constexpr Packing packings[] = {
    PACKING(OIhw16i16o, 16, 16),   PACKING(OIhw8i8o, 8, 8),       PACKING(OhwI16i16o2i, 32, 16),
    PACKING(OhwI16i32o2i, 32, 32), PACKING(OhwI16i48o2i, 32, 48), PACKING(OhwI16i64o2i, 32, 64),
    PACKING(OhwI16o2i, 2, 16),     PACKING(OhwI32o2i, 2, 32),     PACKING(OhwI48o2i, 2, 48),
    PACKING(OhwI64o2i, 2, 64),     PACKING(Ohwi32o, 1, 32),       PACKING(Ohwi48o, 1, 48),
    PACKING(Ohwi64o, 1, 64),
};
#undef PACKING

const Packing* find_packing(const std::string& name) {
  for (const Packing& each : packings) {
    if (name == each.name) return &each;
  }
  return nullptr;
}

// What the buffers hold.
Layouts given_layouts(const Sizes& s, const ConvLayout& layout, memory::data_type type) {
  Layouts result{image(s.x, layout.x_block, type), row_major(s.w, type), image(s.y, layout.y_block, type),
                 row_major({s.y[1]}, type)};
  if (!layout.kernels.empty()) result.w = {s.w, type, find_packing(layout.kernels)->tag};
  return result;
}

// What a primitive is asked to take: blocks as they are, anything in place of what is plain.
Layouts wanted_layouts(const Sizes& s, const ConvLayout& layout, memory::data_type type) {
  Layouts result = given_layouts(s, layout, type);
  if (layout.x_block == 0) result.x = {s.x, type, memory::format_tag::any};
  if (layout.y_block == 0) result.y = {s.y, type, memory::format_tag::any};
  if (layout.kernels.empty()) result.w = {s.w, type, memory::format_tag::any};
  return result;
}

using Forward = dnnl::convolution_forward;
using InputGrad = dnnl::convolution_backward_data;
using WeightGrad = dnnl::convolution_backward_weights;
constexpr auto direct = dnnl::algorithm::convolution_direct;

Forward::primitive_desc describe_forward(const Layouts& wanted, const Sizes& g, const ConvEpilogue& epilogue,
                                         bool training) {
  dnnl::primitive_attr attributes = onednn_attributes();
  if (epilogue.relu) {
    dnnl::post_ops after;
    after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(after);
  }
  const auto kind = training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  if (epilogue.bias) {
    return {onednn_engine(), kind, direct, wanted.x, wanted.w, wanted.bias, wanted.y, g.strides, g.dilates, g.low,
            g.high, attributes};
  }
  return {onednn_engine(), kind, direct, wanted.x, wanted.w, wanted.y, g.strides, g.dilates, g.low, g.high, attributes};
}

// What is computed: on what, from operands stored as `stored`, with arithmetic in `type`.
struct Problem {
  ConvKind kind;
  Sizes sizes;
  ConvEpilogue epilogue;
  ConvLayout layout;
  memory::data_type stored, type;

  Layouts given() const { return given_layouts(sizes, layout, stored); }
  Layouts wanted() const { return wanted_layouts(sizes, layout, type); }
};

Forward::primitive_desc forward(const Problem& p) {
  return describe_forward(p.wanted(), p.sizes, p.epilogue, false);
}

// The descriptor of a derivative, with that of the forward convolution, which oneDNN reads when it looks for another
// implementation.
template <class Derivative>
struct DerivativeDescriptor {
  explicit DerivativeDescriptor(const Problem& p) : DerivativeDescriptor(p.wanted(), p.sizes) {}
  DerivativeDescriptor(const Layouts& wanted, const Sizes& g)
      : hint(describe_forward(wanted, g, {}, true)),
        descriptor(onednn_engine(), direct, wanted.x, wanted.w, wanted.y, g.strides, g.dilates, g.low, g.high, hint,
                   onednn_attributes()) {}
  DerivativeDescriptor(const DerivativeDescriptor&) = delete;

  Forward::primitive_desc hint;
  typename Derivative::primitive_desc descriptor;
};

// An operand: what its buffer holds, and what the primitive takes or gives.
struct Operand {
  int name;
  memory::desc given, taken;
};

// The program of a primitive between the reorders of its operands, whose buffers come in this order; the last is the
// result.
template <class Primitive, class Descriptor>
OnednnProgram assemble(const Descriptor& descriptor, const std::vector<Operand>& operands) {
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments;
  for (const Operand& operand : operands) {
    const int buffer = static_cast<int>(arguments.size());
    arguments.push_back(buffer + 1 == static_cast<int>(operands.size())
                            ? program.result(operand.name, buffer, operand.taken, operand.given)
                            : program.reordered_input(operand.name, buffer, operand.given, operand.taken));
  }
  program.append(Primitive(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
}

std::optional<OnednnProgram> build_forward(const Problem& p) {
  auto descriptor = forward(p);
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = p.given();
  std::vector<Operand> operands = {{DNNL_ARG_SRC, given.x, descriptor.src_desc()},
                                   {DNNL_ARG_WEIGHTS, given.w, descriptor.weights_desc()}};
  if (p.epilogue.bias) operands.push_back({DNNL_ARG_BIAS, given.bias, descriptor.bias_desc()});
  operands.push_back({DNNL_ARG_DST, given.y, descriptor.dst_desc()});
  return assemble<Forward>(descriptor, operands);
}

std::optional<OnednnProgram> build_input_grad(const Problem& p) {
  DerivativeDescriptor<InputGrad> described(p);
  auto& descriptor = described.descriptor;
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = p.given();
  return assemble<InputGrad>(descriptor, {{DNNL_ARG_DIFF_DST, given.y, descriptor.diff_dst_desc()},
                                          {DNNL_ARG_WEIGHTS, given.w, descriptor.weights_desc()},
                                          {DNNL_ARG_DIFF_SRC, given.x, descriptor.diff_src_desc()}});
}

std::optional<OnednnProgram> build_weight_grad(const Problem& p) {
  DerivativeDescriptor<WeightGrad> described(p);
  auto& descriptor = described.descriptor;
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = p.given();
  return assemble<WeightGrad>(descriptor, {{DNNL_ARG_SRC, given.x, descriptor.src_desc()},
                                           {DNNL_ARG_DIFF_DST, given.y, descriptor.diff_dst_desc()},
                                           {DNNL_ARG_DIFF_WEIGHTS, given.w, descriptor.diff_weights_desc()}});
}

std::optional<OnednnProgram> build(const Problem& p) {
  switch (p.kind) {
    case ConvKind::forward: return build_forward(p);
    case ConvKind::input_grad: return build_input_grad(p);
    default: return build_weight_grad(p);
  }
}

bool has_implementation(const Problem& p) {
  if (p.kind == ConvKind::forward) {
    auto descriptor = forward(p);
    return skip_references(descriptor);
  }
  if (p.kind == ConvKind::input_grad) {
    DerivativeDescriptor<InputGrad> described(p);
    return skip_references(described.descriptor);
  }
  DerivativeDescriptor<WeightGrad> described(p);
  return skip_references(described.descriptor);
}

std::unique_ptr<Kernel> make(const Problem& problem) {
  const double nanoseconds = problem.sizes.multiplications() / multiplications_per_nanosecond;
  return make_onednn_kernel([problem] { return build(problem); }, problem.epilogue.bias ? 4 : 3, nanoseconds);
}

// Whether channels come in whole blocks, or each by itself.
bool has_whole_blocks(const Sizes& sizes) {
  const std::int64_t inputs = sizes.x[1] / sizes.groups, outputs = sizes.y[1] / sizes.groups;
  return (inputs % 16 == 0 && outputs % 16 == 0) || (inputs == 1 && outputs == 1 && sizes.groups % 16 == 0);
}

// bf16 as it is where the processor multiplies it and channels come in whole blocks; else in float32, in which oneDNN's
// convolutions are faster than in f16, too.
std::unique_ptr<Kernel> make_plain(ConvKind kind, Element element, const Sizes& sizes, const ConvEpilogue& epilogue) {
  const auto stored = onednn_type(element);
  if (!stored || sizes.multiplications() == 0) return nullptr;
  for (const auto type : {*stored, memory::data_type::f32}) {
    if (type == memory::data_type::f16 || (type == memory::data_type::bf16 && !has_whole_blocks(sizes))) continue;
    if (auto kernel = make({kind, sizes, epilogue, {}, *stored, type})) return kernel;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_conv_onednn(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue) {
  return make_plain(kind, element, sizes_of(shape), epilogue);
}

std::unique_ptr<Kernel> make_conv_volumes(ConvKind kind, Element element, const VolumeShape& shape) {
  return make_plain(kind, element, sizes_of(shape), {});
}

std::unique_ptr<Kernel> make_conv_blocked(ConvKind kind, Element element, const ConvShape& shape,
                                          const ConvEpilogue& epilogue, const ConvLayout& layout) {
  if (!has_conv_blocked(kind, element, shape, epilogue, layout)) return nullptr;
  const auto type = *onednn_type(element);
  return make({kind, sizes_of(shape), epilogue, layout, type, type});
}

bool has_conv_blocked(ConvKind kind, Element element, const ConvShape& shape, const ConvEpilogue& epilogue,
                      const ConvLayout& layout) {
  const auto type = onednn_type(element);
  if (!type || shape.multiplications() == 0) return false;
  const auto known = [&](std::int64_t block, std::int64_t channels) {
    return block == 0 || block == channels || is_vector(block, *type);
  };
  if (!known(layout.x_block, shape.ic) || !known(layout.y_block, shape.oc)) return false;
  if (!layout.kernels.empty()) {
    const Packing* packing = find_packing(layout.kernels);
    if (packing == nullptr || shape.groups != 1 || shape.ic % packing->inputs || shape.oc % packing->outputs) return false;
  }
  const Sizes sizes = sizes_of(shape);
  if (*type != memory::data_type::f32 && !has_whole_blocks(sizes)) return false;
  try {
    return has_implementation({kind, sizes, epilogue, layout, *type, *type});
  } catch (const dnnl::error&) {  // unimplemented for these shapes and layouts
    return false;
  }
}

std::string conv_packing(Element element, const ConvShape& shape, const ConvLayout& layout) {
  if (shape.groups != 1 || !layout.kernels.empty()) return "";
  if (!has_conv_blocked(ConvKind::forward, element, shape, {}, layout)) return "";
  const auto type = *onednn_type(element);
  OmpThreads omp(threads());
  auto descriptor = forward({ConvKind::forward, sizes_of(shape), {}, layout, type, type});
  if (!skip_references(descriptor)) return "";
  const auto wanted = descriptor.weights_desc();
  for (const Packing& each : packings) {
    if (shape.ic % each.inputs || shape.oc % each.outputs) continue;
    if (memory::desc(wanted.get_dims(), type, each.tag) == wanted) return each.name;
  }
  return "";
}

}  // namespace mindspore::cpu
