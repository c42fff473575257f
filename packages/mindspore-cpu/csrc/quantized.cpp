#include "quantized.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "gemm.h"
#include "isa.h"
#include "quantized_table.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

const QuantizedTable& table() {
#if defined(__x86_64__)
  static const QuantizedTable& chosen = []() -> const QuantizedTable& {
    switch (isa()) {
      case Isa::avx512:
        return __builtin_cpu_supports("avx512vnni") ? quantized_avx512_vnni : quantized_avx512;
      case Isa::avx2: return quantized_avx2;
      default: return quantized_generic;
    }
  }();
  return chosen;
#else
  return quantized_generic;
#endif
}

// Bytes of a matrix that one core reads in a nanosecond; columns of a result that one thread gets at a time.
constexpr double bytes_per_nanosecond = 10;
constexpr std::int64_t column_step = 64;

// Temporary memory of a call, piece by piece.
class Layout {
 public:
  std::uint64_t place(std::int64_t count, std::size_t bytes) {
    const std::uint64_t at = used_;
    used_ += round_up(static_cast<std::uint64_t>(count) * bytes, 64);
    return at;
  }
  std::uint64_t used() const { return used_; }

 private:
  std::uint64_t used_ = 0;
};

template <class S>
void widen_all(const void* from, std::int64_t begin, std::int64_t end, float* to) {
  for (std::int64_t i = begin; i < end; ++i) to[i] = widen(static_cast<const S*>(from)[i]);
}

void widen_part(Element element, const void* from, std::int64_t begin, std::int64_t end, float* to) {
  element == Element::f16 ? widen_all<Half>(from, begin, end, to) : widen_all<Bfloat>(from, begin, end, to);
}

// What both products share: columns of the result divided among threads, each with scratch memory of its own.
class ColumnKernel : public Kernel {
 protected:
  void plan(std::uint64_t shared, std::size_t own, double multiplications, double rate, std::int64_t matrix_bytes) {
    shared_ = shared;
    own_ = round_up(own, 64);
    most_threads_ = threads();
    scratch_bytes = shared_ + own_ * static_cast<std::uint64_t>(most_threads_);
    nanoseconds = 100 + std::max(multiplications / rate, static_cast<double>(matrix_bytes) / bytes_per_nanosecond);
  }

  int wanted(std::int64_t n) const {
    const std::int64_t steps = (n + column_step - 1) / column_step;
    const std::int64_t worth = std::min(threads_for(nanoseconds), most_threads_);
    return static_cast<int>(std::clamp<std::int64_t>(worth, 1, std::max<std::int64_t>(steps, 1)));
  }

  // Calls body(begin, end, scratch) for ranges of columns.
  template <class Body>
  void by_columns(std::int64_t n, void* scratch, Body body) const {
    const std::int64_t steps = (n + column_step - 1) / column_step;
    parallel(wanted(n), [&](int thread, int count) {
      const Range range = part(steps, thread, count);
      const std::int64_t begin = range.begin * column_step, end = std::min(n, range.end * column_step);
      char* own = static_cast<char*>(scratch) + shared_ + static_cast<std::uint64_t>(thread) * own_;
      if (begin < end) body(begin, end, own);
    });
  }

 private:
  std::uint64_t shared_ = 0;
  std::uint64_t own_ = 0;
  int most_threads_ = 1;
};

class WeightQuantMatmul final : public ColumnKernel {
 public:
  explicit WeightQuantMatmul(const WeightQuantSpec& spec) : spec_(spec) {
    group_ = spec.group > 0 ? spec.group : std::max<std::int64_t>(spec.k, 1);
    groups_ = spec.group > 0 ? (spec.k + group_ - 1) / group_ : 1;
    buffers = 4 + (spec.offset ? 1 : 0) + (spec.bias ? 1 : 0);
    description = "products with int8 weights";
    Layout layout;
    if (spec.element != Element::f32) x_ = layout.place(spec.m * spec.k, sizeof(float));
    if (spec.parameters != Element::f32) {
      scale_ = layout.place(groups_ * spec.n, sizeof(float));
      if (spec.offset) offset_ = layout.place(groups_ * spec.n, sizeof(float));
    }
    if (spec.offset) sums_ = layout.place(spec.m * groups_, sizeof(float));
    if (spec.bias && spec.element != Element::f32) bias_ = layout.place(spec.n, sizeof(float));
    const double multiplications =
        static_cast<double>(spec.m) * static_cast<double>(spec.n) * static_cast<double>(spec.k);
    plan(layout.used(), table().weights_scratch(problem(nullptr, nullptr)), multiplications, gemm_rate(Element::f32),
         spec.n * spec.k);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* scratch = static_cast<char*>(stream.scratch);
    prepare(given, scratch);
    const WeightProblem made = problem(given, scratch);
    by_columns(spec_.n, scratch, [&](std::int64_t begin, std::int64_t end, void* own) {
      table().weights(made, begin, end, own);
    });
  }

 private:
  int offset_place() const { return 3; }
  int bias_place() const { return spec_.offset ? 4 : 3; }

  WeightProblem problem(void* const* given, char* scratch) const {
    WeightProblem made{spec_.element, spec_.m, spec_.n, spec_.k, group_, groups_, spec_.transposed,
                       nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, spec_.relu, nullptr};
    if (given == nullptr) return made;
    const auto floats = [&](int place, Element element, std::uint64_t copy) {
      return element == Element::f32 ? static_cast<const float*>(given[place])
                                     : reinterpret_cast<const float*>(scratch + copy);
    };
    made.x = floats(0, spec_.element, x_);
    made.w = static_cast<const std::int8_t*>(given[1]);
    made.scale = floats(2, spec_.parameters, scale_);
    if (spec_.offset) {
      made.offset = floats(offset_place(), spec_.parameters, offset_);
      made.sums = reinterpret_cast<const float*>(scratch + sums_);
    }
    if (spec_.bias) made.bias = floats(bias_place(), spec_.element, bias_);
    made.y = given[buffers - 1];
    return made;
  }

  // Half-precision operands as floats, and the sums of x over groups.
  void prepare(void* const* given, char* scratch) const {
    const auto floats = [&](std::uint64_t copy) { return reinterpret_cast<float*>(scratch + copy); };
    if (spec_.parameters != Element::f32) {
      widen_part(spec_.parameters, given[2], 0, groups_ * spec_.n, floats(scale_));
      if (spec_.offset) widen_part(spec_.parameters, given[offset_place()], 0, groups_ * spec_.n, floats(offset_));
    }
    if (spec_.element != Element::f32) {
      if (spec_.bias) widen_part(spec_.element, given[bias_place()], 0, spec_.n, floats(bias_));
      const int count = static_cast<int>(std::min<std::int64_t>(threads_for(static_cast<double>(spec_.m * spec_.k)),
                                                                std::max<std::int64_t>(spec_.m, 1)));
      parallel(count, [&](int thread, int all) {
        const Range rows = part(spec_.m, thread, all);
        widen_part(spec_.element, given[0], rows.begin * spec_.k, rows.end * spec_.k, floats(x_));
      });
    }
    if (!spec_.offset) return;
    const float* x = spec_.element == Element::f32 ? static_cast<const float*>(given[0]) : floats(x_);
    for (std::int64_t i = 0; i < spec_.m; ++i) {
      for (std::int64_t g = 0; g < groups_; ++g) {
        float total = 0;
        for (std::int64_t q = g * group_; q < std::min(spec_.k, (g + 1) * group_); ++q) total += x[i * spec_.k + q];
        floats(sums_)[i * groups_ + g] = total;
      }
    }
  }

  WeightQuantSpec spec_;
  std::int64_t group_ = 1;
  std::int64_t groups_ = 1;
  std::uint64_t x_ = 0, scale_ = 0, offset_ = 0, sums_ = 0, bias_ = 0;  // where copies lie in scratch memory
};

class Int8Matmul final : public ColumnKernel {
 public:
  explicit Int8Matmul(const Int8Spec& spec) : spec_(spec), scaled_(spec.element != Element::i32) {
    buffers = (scaled_ ? 5 : 3) + (spec.bias ? 1 : 0);
    description = "int8 product";
    Layout layout;
    a_ = layout.place(spec.m * stride(), sizeof(std::int16_t));
    if (spec.bias && spec.element != Element::f32) bias_ = layout.place(spec.n, sizeof(float));
    const double multiplications =
        static_cast<double>(spec.m) * static_cast<double>(spec.n) * static_cast<double>(spec.k);
    plan(layout.used(), table().int8_scratch(problem(nullptr, nullptr)), multiplications, 1.5 * gemm_rate(Element::f32),
         spec.n * spec.k);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* scratch = static_cast<char*>(stream.scratch);
    prepare(given, scratch);
    const Int8Problem made = problem(given, scratch);
    by_columns(spec_.n, scratch, [&](std::int64_t begin, std::int64_t end, void* own) {
      table().int8(made, begin, end, own);
    });
  }

 private:
  std::int64_t stride() const { return (spec_.k + 1) / 2 * 2; }

  Int8Problem problem(void* const* given, char* scratch) const {
    Int8Problem made{spec_.element, spec_.m, spec_.n, spec_.k, stride(), spec_.transposed,
                     nullptr, nullptr, nullptr, nullptr, nullptr, spec_.relu, nullptr};
    if (given == nullptr) return made;
    made.a = reinterpret_cast<const std::int16_t*>(scratch + a_);
    made.b = static_cast<const std::int8_t*>(given[1]);
    if (scaled_) {
      made.rows = static_cast<const float*>(given[2]);
      made.columns = static_cast<const float*>(given[3]);
    }
    if (spec_.bias) {
      made.bias = spec_.element == Element::f32 ? static_cast<const float*>(given[4])
                                                : reinterpret_cast<const float*>(scratch + bias_);
    }
    made.y = given[buffers - 1];
    return made;
  }

  void prepare(void* const* given, char* scratch) const {
    auto* a = reinterpret_cast<std::int16_t*>(scratch + a_);
    const auto* from = static_cast<const std::int8_t*>(given[0]);
    for (std::int64_t i = 0; i < spec_.m; ++i) {
      table().widen(from + i * spec_.k, spec_.k, a + i * stride());
      if (stride() != spec_.k) a[i * stride() + spec_.k] = 0;
    }
    if (spec_.bias && spec_.element != Element::f32) {
      widen_part(spec_.element, given[4], 0, spec_.n, reinterpret_cast<float*>(scratch + bias_));
    }
  }

  Int8Spec spec_;
  bool scaled_;
  std::uint64_t a_ = 0, bias_ = 0;
};

// Sums by another kernel, scaled by ours.
class ScaledInt8Matmul final : public Kernel {
 public:
  ScaledInt8Matmul(const Int8Spec& spec, std::unique_ptr<Kernel> sums) : spec_(spec), sums_(std::move(sums)) {
    Layout layout;
    layout.place(static_cast<std::int64_t>(sums_->scratch_bytes), 1);  // its own comes first
    totals_ = layout.place(spec.m * spec.n, sizeof(std::int32_t));
    if (spec.bias && spec.element != Element::f32) bias_ = layout.place(spec.n, sizeof(float));
    scratch_bytes = layout.used();
    scaling_ = static_cast<double>(spec.m * spec.n) / scaled_per_nanosecond;
    nanoseconds = sums_->nanoseconds + scaling_;
    buffers = spec.bias ? 6 : 5;
    description = sums_->description + ", scaled";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* scratch = static_cast<char*>(stream.scratch);
    auto* totals = reinterpret_cast<std::int32_t*>(scratch + totals_);
    void* operands[] = {given[0], given[1], totals};
    sums_->run(operands, stream);
    Int8Problem made{spec_.element, spec_.m, spec_.n, spec_.k, spec_.k, spec_.transposed, nullptr, nullptr,
                     static_cast<const float*>(given[2]), static_cast<const float*>(given[3]), nullptr, spec_.relu,
                     given[buffers - 1]};
    if (spec_.bias && spec_.element != Element::f32) {
      auto* bias = reinterpret_cast<float*>(scratch + bias_);
      widen_part(spec_.element, given[4], 0, spec_.n, bias);
      made.bias = bias;
    } else if (spec_.bias) {
      made.bias = static_cast<const float*>(given[4]);
    }
    parallel(threads_for(scaling_), [&](int thread, int count) {
      const Range rows = part(spec_.m, thread, count);
      table().scale(made, totals, rows.begin, rows.end);
    });
  }

 private:
  static constexpr double scaled_per_nanosecond = 4;

  Int8Spec spec_;
  std::unique_ptr<Kernel> sums_;
  double scaling_ = 0;
  std::uint64_t totals_ = 0, bias_ = 0;  // where the sums and a copy of bias lie
};

void check(const char* name, std::int64_t m, std::int64_t n, std::int64_t k, bool known) {
  if (m < 0 || n < 0 || k < 0) throw std::invalid_argument(std::string(name) + ": a size is negative");
  if (!known) throw std::invalid_argument(std::string(name) + ": there is no kernel for these elements");
}

bool is_float(Element element) {
  return element == Element::f32 || element == Element::f16 || element == Element::bf16;
}

}  // namespace

std::unique_ptr<Kernel> make_weight_quant_matmul(const WeightQuantSpec& spec) {
  check("weight_quant_matmul", spec.m, spec.n, spec.k,
        is_float(spec.element) && (spec.parameters == spec.element || spec.parameters == Element::f32));
  return std::make_unique<WeightQuantMatmul>(spec);
}

std::unique_ptr<Kernel> make_int8_matmul(const Int8Spec& spec) {
  check("int8_matmul", spec.m, spec.n, spec.k, is_float(spec.element) || spec.element == Element::i32);
  if (auto sums = make_int8_onednn(spec)) {
    if (spec.element == Element::i32) return sums;
    return std::make_unique<ScaledInt8Matmul>(spec, std::move(sums));
  }
  return std::make_unique<Int8Matmul>(spec);
}

}  // namespace mindspore::cpu
