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

std::optional<OnednnProgram> build_forward(const ConvShape& s, const ConvEpilogue& epilogue, memory::data_type stored,
                                           memory::data_type type) {
  auto descriptor = describe_forward(free(s, type), Geometry(s), epilogue, false);
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = plain(s, stored);
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments = {
      program.reordered_input(DNNL_ARG_SRC, 0, given.x, descriptor.src_desc()),
      program.reordered_input(DNNL_ARG_WEIGHTS, 1, given.w, descriptor.weights_desc())};
  if (epilogue.bias) {
    arguments.push_back(program.reordered_input(DNNL_ARG_BIAS, 2, given.bias, descriptor.bias_desc()));
  }
  arguments.push_back(program.result(DNNL_ARG_DST, epilogue.bias ? 3 : 2, descriptor.dst_desc(), given.y));
  program.append(Forward(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
}

std::optional<OnednnProgram> build_input_grad(const ConvShape& s, memory::data_type stored, memory::data_type type) {
  const Layouts wanted = free(s, type);
  const Geometry g(s);
  const auto hint = describe_forward(wanted, g, {}, true);
  InputGrad::primitive_desc descriptor(onednn_engine(), direct, wanted.x, wanted.w, wanted.y, g.strides, g.dilates,
                                       g.low, g.high, hint, onednn_attributes());
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = plain(s, stored);
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments = {
      program.reordered_input(DNNL_ARG_DIFF_DST, 0, given.y, descriptor.diff_dst_desc()),
      program.reordered_input(DNNL_ARG_WEIGHTS, 1, given.w, descriptor.weights_desc())};
  arguments.push_back(program.result(DNNL_ARG_DIFF_SRC, 2, descriptor.diff_src_desc(), given.x));
  program.append(InputGrad(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
}

std::optional<OnednnProgram> build_weight_grad(const ConvShape& s, memory::data_type stored, memory::data_type type) {
  const Layouts wanted = free(s, type);
  const Geometry g(s);
  const auto hint = describe_forward(wanted, g, {}, true);
  WeightGrad::primitive_desc descriptor(onednn_engine(), direct, wanted.x, wanted.w, wanted.y, g.strides, g.dilates,
                                        g.low, g.high, hint, onednn_attributes());
  if (!skip_references(descriptor)) return std::nullopt;
  const Layouts given = plain(s, stored);
  OnednnProgram program;
  program.description = std::string("oneDNN ") + descriptor.impl_info_str();
  std::vector<OnednnArgument> arguments = {
      program.reordered_input(DNNL_ARG_SRC, 0, given.x, descriptor.src_desc()),
      program.reordered_input(DNNL_ARG_DIFF_DST, 1, given.y, descriptor.diff_dst_desc())};
  arguments.push_back(program.result(DNNL_ARG_DIFF_WEIGHTS, 2, descriptor.diff_weights_desc(), given.w));
  program.append(WeightGrad(descriptor), std::move(arguments), descriptor.scratchpad_desc());
  return program;
}

}  // namespace

std::unique_ptr<Kernel> make_conv_onednn(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue) {
  const auto stored = onednn_type(element);
  if (!stored || shape.multiplications() == 0) return nullptr;
  const double nanoseconds = shape.multiplications() / multiplications_per_nanosecond;
  const int buffers = epilogue.bias ? 4 : 3;
  const bool whole_blocks = shape.ic / shape.groups % 16 == 0 && shape.oc / shape.groups % 16 == 0;
  for (const auto type : {*stored, memory::data_type::f32}) {
    if (type != memory::data_type::f32 && !whole_blocks) continue;
    const auto build = [=] {
      switch (kind) {
        case ConvKind::forward: return build_forward(shape, epilogue, *stored, type);
        case ConvKind::input_grad: return build_input_grad(shape, *stored, type);
        default: return build_weight_grad(shape, *stored, type);
      }
    };
    if (auto kernel = make_onednn_kernel(build, buffers, nanoseconds)) return kernel;
  }
  return nullptr;
}

}  // namespace mindspore::cpu
