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

namespace mindspore::cpu {

namespace {

constexpr double multiplications_per_nanosecond = 60;

using dnnl::memory;
using Dims = memory::dims;

struct Layouts {
  memory::desc x, w, y, bias;
};

Dims weight_sizes(const ConvShape& s) {
  if (s.groups == 1) return {s.oc, s.ic, s.kh, s.kw};
  return {s.groups, s.oc / s.groups, s.ic / s.groups, s.kh, s.kw};
}

Layouts plain(const ConvShape& s, memory::data_type type) {
  const auto w = s.groups == 1 ? memory::format_tag::oihw : memory::format_tag::goihw;
  return {{{s.n, s.ic, s.ih, s.iw}, type, memory::format_tag::nchw},
          {weight_sizes(s), type, w},
          {{s.n, s.oc, s.oh, s.ow}, type, memory::format_tag::nchw},
          {{s.oc}, type, memory::format_tag::a}};
}

Layouts free(const ConvShape& s, memory::data_type type) {
  const auto any = memory::format_tag::any;
  return {{{s.n, s.ic, s.ih, s.iw}, type, any},
          {weight_sizes(s), type, any},
          {{s.n, s.oc, s.oh, s.ow}, type, any},
          {{s.oc}, type, memory::format_tag::a}};
}

memory::format_tag image_tag(std::int64_t block, memory::format_tag otherwise) {
  return block == 16 ? memory::format_tag::nChw16c : block == 8 ? memory::format_tag::nChw8c : otherwise;
}

// What the buffers hold.
Layouts given_layouts(const ConvShape& s, const ConvLayout& layout, memory::data_type type) {
  Layouts result = plain(s, type);
  result.x = {{s.n, s.ic, s.ih, s.iw}, type, image_tag(layout.x_block, memory::format_tag::nchw)};
  result.y = {{s.n, s.oc, s.oh, s.ow}, type, image_tag(layout.y_block, memory::format_tag::nchw)};
  if (layout.w_block != 0) {
    const auto tag = layout.w_block == 16 ? memory::format_tag::OIhw16i16o : memory::format_tag::OIhw8i8o;
    result.w = {weight_sizes(s), type, tag};
  }
  return result;
}

// What a primitive is asked to take: blocks as they are, anything in place of what is plain.
Layouts wanted_layouts(const ConvShape& s, const ConvLayout& layout, memory::data_type type) {
  Layouts result = free(s, type);
  const Layouts given = given_layouts(s, layout, type);
  if (layout.x_block != 0) result.x = given.x;
  if (layout.y_block != 0) result.y = given.y;
  if (layout.w_block != 0) result.w = given.w;
  return result;
}

struct Geometry {
  explicit Geometry(const ConvShape& s)
      : strides{s.stride_h, s.stride_w},
        dilates{s.dilation_h - 1, s.dilation_w - 1},
        low{s.top, s.left},
        high{s.bottom, s.right} {
    // oneDNN wants the padding that the output size implies, exactly.
    high[0] = (s.oh - 1) * s.stride_h + (s.kh - 1) * s.dilation_h + 1 - s.ih - s.top;
    high[1] = (s.ow - 1) * s.stride_w + (s.kw - 1) * s.dilation_w + 1 - s.iw - s.left;
  }
  Dims strides, dilates, low, high;
};

using Forward = dnnl::convolution_forward;
using InputGrad = dnnl::convolution_backward_data;
using WeightGrad = dnnl::convolution_backward_weights;
constexpr auto direct = dnnl::algorithm::convolution_direct;

Forward::primitive_desc describe_forward(const Layouts& wanted, const Geometry& g, const ConvEpilogue& epilogue,
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
  ConvShape shape;
  ConvEpilogue epilogue;
  ConvLayout layout;
  memory::data_type stored, type;

  Layouts given() const { return given_layouts(shape, layout, stored); }
  Layouts wanted() const { return wanted_layouts(shape, layout, type); }
};

Forward::primitive_desc forward(const Problem& p) {
  return describe_forward(p.wanted(), Geometry(p.shape), p.epilogue, false);
}

// The descriptor of a derivative, with that of the forward convolution, which oneDNN reads when it looks for another
// implementation.
template <class Derivative>
struct DerivativeDescriptor {
  explicit DerivativeDescriptor(const Problem& p) : DerivativeDescriptor(p.wanted(), Geometry(p.shape)) {}
  DerivativeDescriptor(const Layouts& wanted, const Geometry& g)
      : hint(describe_forward(wanted, g, {}, true)),
        descriptor(onednn_engine(), direct, wanted.x, wanted.w, wanted.y, g.strides, g.dilates, g.low, g.high, hint,
                   onednn_attributes()) {}
  DerivativeDescriptor(const DerivativeDescriptor&) = delete;

  Forward::primitive_desc hint;
  typename Derivative::primitive_desc descriptor;
};

std::optional<OnednnProgram> build_forward(const Problem& p) {
  auto descriptor = forward(p);
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = p.given();
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments = {
      program.reordered_input(DNNL_ARG_SRC, 0, given.x, descriptor.src_desc()),
      program.reordered_input(DNNL_ARG_WEIGHTS, 1, given.w, descriptor.weights_desc())};
  if (p.epilogue.bias) {
    arguments.push_back(program.reordered_input(DNNL_ARG_BIAS, 2, given.bias, descriptor.bias_desc()));
  }
  arguments.push_back(program.result(DNNL_ARG_DST, p.epilogue.bias ? 3 : 2, descriptor.dst_desc(), given.y));
  program.append(Forward(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
}

std::optional<OnednnProgram> build_input_grad(const Problem& p) {
  DerivativeDescriptor<InputGrad> described(p);
  auto& descriptor = described.descriptor;
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = p.given();
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments = {
      program.reordered_input(DNNL_ARG_DIFF_DST, 0, given.y, descriptor.diff_dst_desc()),
      program.reordered_input(DNNL_ARG_WEIGHTS, 1, given.w, descriptor.weights_desc())};
  arguments.push_back(program.result(DNNL_ARG_DIFF_SRC, 2, descriptor.diff_src_desc(), given.x));
  program.append(InputGrad(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
}

std::optional<OnednnProgram> build_weight_grad(const Problem& p) {
  DerivativeDescriptor<WeightGrad> described(p);
  auto& descriptor = described.descriptor;
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = p.given();
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments = {
      program.reordered_input(DNNL_ARG_SRC, 0, given.x, descriptor.src_desc()),
      program.reordered_input(DNNL_ARG_DIFF_DST, 1, given.y, descriptor.diff_dst_desc())};
  arguments.push_back(program.result(DNNL_ARG_DIFF_WEIGHTS, 2, descriptor.diff_weights_desc(), given.w));
  program.append(WeightGrad(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
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
  const double nanoseconds = problem.shape.multiplications() / multiplications_per_nanosecond;
  return make_onednn_kernel([problem] { return build(problem); }, problem.epilogue.bias ? 4 : 3, nanoseconds);
}

}  // namespace

std::unique_ptr<Kernel> make_conv_onednn(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue) {
  const auto stored = onednn_type(element);
  if (!stored || shape.multiplications() == 0) return nullptr;
  const bool whole_blocks = shape.ic / shape.groups % 16 == 0 && shape.oc / shape.groups % 16 == 0;
  for (const auto type : {*stored, memory::data_type::f32}) {
    if (type != memory::data_type::f32 && !whole_blocks) continue;
    if (auto kernel = make({kind, shape, epilogue, {}, *stored, type})) return kernel;
  }
  return nullptr;
}

std::unique_ptr<Kernel> make_conv_blocked(ConvKind kind, Element element, const ConvShape& shape,
                                          const ConvEpilogue& epilogue, const ConvLayout& layout) {
  if (!has_conv_blocked(kind, element, shape, epilogue, layout)) return nullptr;
  return make({kind, shape, epilogue, layout, memory::data_type::f32, memory::data_type::f32});
}

bool has_conv_blocked(ConvKind kind, Element element, const ConvShape& shape, const ConvEpilogue& epilogue,
                      const ConvLayout& layout) {
  const auto known = [](std::int64_t block) { return block == 0 || block == 8 || block == 16; };
  if (element != Element::f32 || shape.multiplications() == 0) return false;
  if (!known(layout.x_block) || !known(layout.y_block) || !known(layout.w_block)) return false;
  if (layout.w_block != 0 && shape.groups != 1) return false;
  try {
    return has_implementation({kind, shape, epilogue, layout, memory::data_type::f32, memory::data_type::f32});
  } catch (const dnnl::error&) {  // unimplemented for these shapes and layouts
    return false;
  }
}

}  // namespace mindspore::cpu
