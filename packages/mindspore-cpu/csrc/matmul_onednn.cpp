// The matrix product by oneDNN, for large f32 and bf16 operands.

#include <cstring>

#include "matmul.h"
#include "onednn.h"

namespace mindspore::cpu {

namespace {

constexpr double multiplications_per_nanosecond = 80;

using Dims = dnnl::memory::dims;

// A stack of matrices: batch sizes with the steps given, then `rows` x `cols`, exchanged where `transposed`.
dnnl::memory::desc stack(const MatmulPlan& plan, const std::vector<std::int64_t>& steps, std::int64_t rows,
                         std::int64_t cols, bool transposed, dnnl::memory::data_type type) {
  Dims sizes;
  Dims strides;
  for (std::size_t axis = 0; axis < plan.batch.size(); ++axis) {
    const bool one = steps[axis] == 0;
    sizes.push_back(one ? 1 : plan.batch[axis]);
    strides.push_back(one ? rows * cols : steps[axis]);
  }
  sizes.insert(sizes.end(), {rows, cols});
  strides.insert(strides.end(), {transposed ? 1 : cols, transposed ? rows : 1});
  return {sizes, type, strides};
}

dnnl::memory::desc dense(const MatmulPlan& plan, dnnl::memory::data_type type) {
  std::vector<std::int64_t> steps(plan.batch.size());
  std::int64_t step = plan.m * plan.n;
  for (std::size_t axis = steps.size(); axis-- > 0;) {
    steps[axis] = plan.batch[axis] == 1 ? 0 : step;
    step *= plan.batch[axis];
  }
  return stack(plan, steps, plan.m, plan.n, false, type);
}

// Where one operand has few rows, oneDNN's gemm reads the other one in place, row by row. Rows that lie a multiple of a page
// apart then fall into the same places of the cache, and the product takes twice as long; so such an operand is copied
// into rows that are one cache line longer.
constexpr std::int64_t page_elements = 1024, fewest_rows = 64, most_rows = 384, line_elements = 16;

bool collides(const MatmulPlan& plan, std::int64_t row, std::int64_t rows_of_other) {
  return plan.batch.empty() && row % page_elements == 0 && rows_of_other >= fewest_rows && rows_of_other <= most_rows;
}

// The blocked product reads a row-major B in place, too. Only where its rows lie a power of two apart does it make a copy by
// itself, while any other multiple of a page takes twice as long. A copy in blocks costs as much as some 30 rows of A and
// gains a little everywhere.
bool worth_blocks(const MatmulPlan& plan) {
  if (!plan.batch.empty()) return false;
  const bool power_of_two = (plan.n & (plan.n - 1)) == 0;
  if (power_of_two) return plan.m >= 1024;
  return plan.m >= (plan.n % page_elements == 0 ? 64 : plan.n % (page_elements / 2) == 0 ? 256 : 512);
}

// Whether a product in half precision is right where the vectors leave elements over. Those of oneDNN that are not made of
// `brgemm` multiply a neighbouring element by a zero there, which turns an infinity into NaN.
bool takes_left_over(const MatmulPlan& plan, const char* implementation) {
  return (plan.k % 32 == 0 && plan.n % 16 == 0) || std::strncmp(implementation, "brg", 3) == 0;
}

dnnl::memory::desc spread(std::int64_t rows, std::int64_t cols, bool transposed, dnnl::memory::data_type type) {
  const std::int64_t pitch = (transposed ? rows : cols) + line_elements;
  return {{rows, cols}, type, transposed ? Dims{1, pitch} : Dims{pitch, 1}};
}

}  // namespace

std::unique_ptr<Kernel> make_matmul_onednn(const MatmulSpec& spec, const MatmulPlan& plan) {
  const auto type = onednn_type(spec.element);
  if (!type || plan.multiplications() == 0 || plan.batch.size() > 4) return nullptr;
  const auto build = [spec, plan, type = *type]() -> std::optional<OnednnProgram> {
    const auto a = stack(plan, plan.a_steps, plan.m, plan.k, spec.transpose_a, type);
    const auto b = stack(plan, plan.b_steps, plan.k, plan.n, spec.transpose_b, type);
    const auto c = dense(plan, type);
    Dims bias_sizes(plan.batch.size() + 1, 1);
    Dims bias_steps(plan.batch.size() + 1, plan.n);
    bias_sizes.push_back(plan.n);
    bias_steps.push_back(1);
    const dnnl::memory::desc bias(bias_sizes, type, bias_steps);
    dnnl::memory::desc taken_bias = bias;
    dnnl::primitive_attr attributes = onednn_attributes();
    if (spec.relu) {
      dnnl::post_ops after;
      after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
      attributes.set_post_ops(after);
    }
    const auto describe = [&](const dnnl::memory::desc& left, const dnnl::memory::desc& right) {
      using Descriptor = dnnl::matmul::primitive_desc;
      return spec.bias ? Descriptor(onednn_engine(), left, right, taken_bias, c, attributes)
                       : Descriptor(onednn_engine(), left, right, c, attributes);
    };
    auto taken_a = a, taken_b = b;
    auto descriptor = describe(a, b);
    if (!skip_references(descriptor)) {
      if (!spec.bias || type == dnnl::memory::data_type::f32) return std::nullopt;
      taken_bias = {bias_sizes, dnnl::memory::data_type::f32, bias_steps};  // f16 has no bias of its own type
      descriptor = describe(a, b);
      if (!skip_references(descriptor)) return std::nullopt;
    }
    if (spec.element != Element::f32 && !takes_left_over(plan, descriptor.impl_info_str())) return std::nullopt;
    if (spec.element == Element::f32 && std::strncmp(descriptor.impl_info_str(), "gemm", 4) == 0) {
      if (spec.transpose_a && collides(plan, plan.m, plan.n)) taken_a = spread(plan.m, plan.k, true, type);
      if (!spec.transpose_b && collides(plan, plan.n, plan.m)) taken_b = spread(plan.k, plan.n, false, type);
      descriptor = describe(taken_a, taken_b);
      if (!skip_references(descriptor)) return std::nullopt;
    }
    if (spec.element == Element::f32 && std::strncmp(descriptor.impl_info_str(), "brg:avx512", 10) == 0 &&
        !spec.transpose_b && worth_blocks(plan)) {
      auto blocked = describe(a, {{plan.k, plan.n}, type, dnnl::memory::format_tag::any});
      if (skip_references(blocked)) {
        descriptor = blocked;
        taken_b = descriptor.weights_desc();
      }
    }
    OnednnProgram program;
    program.description = std::string("oneDNN ") + descriptor.impl_info_str();
    std::vector<OnednnArgument> arguments = {program.reordered_input(DNNL_ARG_SRC, 0, a, taken_a),
                                             program.reordered_input(DNNL_ARG_WEIGHTS, 1, b, taken_b)};
    if (spec.bias) arguments.push_back(program.reordered_input(DNNL_ARG_BIAS, 2, bias, taken_bias));
    arguments.push_back({DNNL_ARG_DST, c, spec.bias ? 3 : 2, 0});
    program.append(dnnl::matmul(descriptor), std::move(arguments), descriptor.scratchpad_desc());
    return program;
  };
  return make_onednn_kernel(build, spec.bias ? 4 : 3, plan.multiplications() / multiplications_per_nanosecond);
}

}  // namespace mindspore::cpu
