#include "matmul.h"

#include <algorithm>
#include <stdexcept>

#include "gemm.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

// Above this size oneDNN's blocking for the second-level cache wins over our own; below, its cost per call loses. In half
// precision its products for the processor's own instructions (`brgemm`) win much earlier.
constexpr double multiplications_worth_onednn = 1 << 22;
constexpr double halves_worth_onednn = 1 << 16;
constexpr std::int64_t rows_worth_onednn = 5;

std::int64_t from_end(const std::vector<std::int64_t>& shape, std::size_t place, std::int64_t missing) {
  return place < shape.size() ? shape[shape.size() - 1 - place] : missing;
}

class OwnMatmul final : public Kernel {
 public:
  OwnMatmul(const MatmulSpec& spec, const MatmulPlan& plan) : spec_(spec), plan_(plan) {
    bytes_ = static_cast<std::int64_t>(element_bytes(spec.element));
    const Gemm problem = product(nullptr, nullptr, nullptr, nullptr);
    most_threads_ = threads();
    thread_bytes_ = gemm_scratch_bytes(problem);
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    nanoseconds = 100 + plan.multiplications() / gemm_rate(spec.element);
    buffers = spec.bias ? 4 : 3;
    description = "own product";
    divide();
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const std::int64_t jobs = plan_.products() * row_parts_ * col_parts_;
    const int wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads_for(nanoseconds), most_threads_), jobs));
    parallel(wanted, [&](int thread, int count) {
      char* scratch = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(jobs, thread, count);
      for (std::int64_t job = range.begin; job < range.end; ++job) compute(job, given, scratch);
    });
  }

 private:
  Gemm product(const void* a, const void* b, const void* bias, void* c) const {
    return {spec_.element,
            plan_.m,
            plan_.n,
            plan_.k,
            {a, spec_.transpose_a ? 1 : plan_.k, spec_.transpose_a ? plan_.m : 1},
            {b, spec_.transpose_b ? 1 : plan_.n, spec_.transpose_b ? plan_.k : 1},
            c,
            plan_.n,
            bias,
            spec_.relu};
  }

  // Into how many parts one product is cut: by columns where there are enough panels, because each part packs its own
  // columns of B; otherwise by rows.
  void divide() {
    const std::int64_t wanted = std::min(threads_for(nanoseconds), most_threads_);
    if (wanted <= 1 || plan_.products() >= 2 * wanted || plan_.products() % wanted == 0) return;
    panel_ = gemm_panel_columns(spec_.element);
    const std::int64_t panels = (plan_.n + panel_ - 1) / panel_;
    if (panels >= wanted && (panels % wanted == 0 || panels >= 4 * wanted || plan_.m < 8 * wanted)) {
      col_parts_ = wanted;
    } else {
      row_parts_ = std::min<std::int64_t>(wanted, (plan_.m + 3) / 4);
    }
  }

  void compute(std::int64_t job, void* const* given, char* scratch) const {
    const std::int64_t parts = row_parts_ * col_parts_;
    std::int64_t matrix = job / parts;
    const std::int64_t piece = job % parts;
    std::int64_t a = 0;
    std::int64_t b = 0;
    const std::int64_t c = matrix * plan_.m * plan_.n;
    for (std::size_t axis = plan_.batch.size(); axis-- > 0;) {
      a += matrix % plan_.batch[axis] * plan_.a_steps[axis];
      b += matrix % plan_.batch[axis] * plan_.b_steps[axis];
      matrix /= plan_.batch[axis];
    }
    const Gemm problem = product(static_cast<const char*>(given[0]) + a * bytes_,
                                 static_cast<const char*>(given[1]) + b * bytes_, spec_.bias ? given[2] : nullptr,
                                 static_cast<char*>(given[buffers - 1]) + c * bytes_);
    GemmBlock block{0, plan_.m, 0, plan_.n};
    if (row_parts_ > 1) {
      block.row_begin = cut(plan_.m, 4, piece, row_parts_);
      block.row_end = cut(plan_.m, 4, piece + 1, row_parts_);
    } else if (col_parts_ > 1) {
      block.col_begin = cut(plan_.n, panel_, piece, col_parts_);
      block.col_end = cut(plan_.n, panel_, piece + 1, col_parts_);
    }
    gemm(problem, block, scratch);
  }

  // Where part `number` of `parts` begins, in steps of `step`.
  static std::int64_t cut(std::int64_t size, std::int64_t step, std::int64_t number, std::int64_t parts) {
    return std::min(size, (size + step - 1) / step * number / parts * step);
  }

  MatmulSpec spec_;
  MatmulPlan plan_;
  std::int64_t bytes_ = 0;
  int most_threads_ = 1;
  std::uint64_t thread_bytes_ = 0;
  std::int64_t row_parts_ = 1;
  std::int64_t col_parts_ = 1;
  std::int64_t panel_ = 1;
};

}  // namespace

MatmulPlan plan_matmul(const MatmulSpec& spec) {
  const auto& a = spec.a_shape;
  const auto& b = spec.b_shape;
  if (a.size() < 2 || b.size() < 2) throw std::invalid_argument("matmul: operands need at least two axes");
  MatmulPlan plan;
  plan.m = from_end(a, spec.transpose_a ? 0 : 1, 1);
  plan.k = from_end(a, spec.transpose_a ? 1 : 0, 1);
  plan.n = from_end(b, spec.transpose_b ? 1 : 0, 1);
  if (plan.k != from_end(b, spec.transpose_b ? 0 : 1, 1)) throw std::invalid_argument("matmul: inner sizes differ");
  const std::size_t axes = std::max(a.size(), b.size()) - 2;
  std::int64_t a_step = plan.m * plan.k;
  std::int64_t b_step = plan.k * plan.n;
  bool b_is_one = true;
  for (std::size_t place = 0; place < axes; ++place) {
    const std::int64_t da = from_end(a, place + 2, 1);
    const std::int64_t db = from_end(b, place + 2, 1);
    if (da != db && da != 1 && db != 1) throw std::invalid_argument("matmul: leading axes do not broadcast");
    plan.batch.insert(plan.batch.begin(), da == 1 ? db : da);
    plan.a_steps.insert(plan.a_steps.begin(), da == 1 ? 0 : a_step);
    plan.b_steps.insert(plan.b_steps.begin(), db == 1 ? 0 : b_step);
    a_step *= da;
    b_step *= db;
    b_is_one = b_is_one && db == 1;
  }
  if (b_is_one && !spec.transpose_a) {  // one product over all rows
    plan.m *= plan.products();
    plan.batch.clear();
    plan.a_steps.clear();
    plan.b_steps.clear();
  }
  return plan;
}

std::unique_ptr<Kernel> make_matmul_own(const MatmulSpec& spec, const MatmulPlan& plan) {
  return std::make_unique<OwnMatmul>(spec, plan);
}

std::unique_ptr<Kernel> make_matmul(const MatmulSpec& spec) {
  const MatmulPlan plan = plan_matmul(spec);
  const bool half = spec.element == Element::bf16 || spec.element == Element::f16;
  const bool large = plan.multiplications() >= multiplications_worth_onednn;
  if (plan.m >= rows_worth_onednn && (large || (half && plan.multiplications() >= halves_worth_onednn))) {
    auto kernel = make_matmul_onednn(spec, plan);
    if (kernel && (large || kernel->description.find("brg") != std::string::npos)) return kernel;
  }
  return make_matmul_own(spec, plan);
}

}  // namespace mindspore::cpu
