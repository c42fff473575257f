// A program that runs our own kernels (products, attention, transforms, factorisations) at a few shapes each and compares
// them with their definitions in double precision. Prints what is wrong and ends with 1, or ends with 0. For processors
// on which the Python tests do not run; tools/aarch64.py builds it.

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "attention.h"
#include "fft.h"
#include "gemm.h"
#include "linalg.h"
#include "random.h"
#include "threads.h"

using namespace mindspore::cpu;

namespace {

int failures = 0;

// Numbers between -1 and 1, the same in every run.
std::vector<double> drawn(std::size_t count, unsigned seed) {
  std::vector<double> found(count);
  std::uint64_t state = 0x9e3779b97f4a7c15u * (seed + 1);
  for (double& x : found) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x = static_cast<double>(state >> 11) / 9007199254740992.0 * 2 - 1;
  }
  return found;
}

template <class T>
std::vector<T> as(const std::vector<double>& numbers) {
  std::vector<T> found;
  for (double x : numbers) found.push_back(static_cast<T>(x));
  return found;
}

template <class T>
void near(const char* what, const std::vector<T>& found, const std::vector<double>& wanted, double limit) {
  double largest = 1, worst = found.size() == wanted.size() ? 0 : INFINITY;
  for (double x : wanted) largest = std::max(largest, std::abs(x));
  for (std::size_t i = 0; i < found.size() && i < wanted.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - wanted[i]);
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  if (worst <= limit * largest) return;
  std::printf("failed: %s, error %g of %g\n", what, worst, largest);
  ++failures;
}

void run(const Kernel& kernel, std::vector<void*> buffers) {
  const std::size_t bytes = (kernel.scratch_bytes + 127) / 64 * 64;
  void* scratch = std::aligned_alloc(64, bytes);
  kernel.run(buffers.data(), ms_host_stream{scratch, threads()});
  std::free(scratch);
}

template <class T>
void check_product(const char* what, Element element, std::int64_t m, std::int64_t n, std::int64_t k, double limit) {
  const double scale = std::is_integral_v<T> ? 10 : 1;
  std::vector<double> numbers = drawn(static_cast<std::size_t>(m * k + k * n), 1);
  for (double& x : numbers) x = std::is_integral_v<T> ? std::trunc(x * scale) : static_cast<double>(static_cast<T>(x));
  const std::vector<T> a = as<T>({numbers.begin(), numbers.begin() + m * k}), b = as<T>({numbers.begin() + m * k, numbers.end()});
  for (const bool across : {false, true}) {  // b as it stands, or read as columns
    std::vector<T> c(static_cast<std::size_t>(m * n));
    Gemm problem{element, m, n, k, {a.data(), k, 1}, {b.data(), across ? 1 : n, across ? k : 1}, c.data(), n, nullptr, false};
    void* scratch = std::aligned_alloc(64, gemm_scratch_bytes(problem) + 64);
    gemm(problem, {0, m, 0, n}, scratch);
    std::free(scratch);
    std::vector<double> wanted;
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::int64_t p = 0; p < k; ++p) {
          sum += static_cast<double>(a[i * k + p]) * static_cast<double>(b[across ? j * k + p : p * n + j]);
        }
        wanted.push_back(sum);
      }
    }
    near(what, c, wanted, limit);
  }
}

void check_attention(std::int64_t heads, std::int64_t rows, std::int64_t columns, std::int64_t size, bool causal) {
  AttentionSpec spec{};
  spec.element = Element::f32;
  spec.rows = rows, spec.columns = columns, spec.size = spec.width = size;
  spec.batch = {heads};
  spec.q_steps = {rows * size}, spec.k_steps = spec.v_steps = {columns * size};
  spec.causal = causal;
  spec.scale = 0.5f;
  const auto count = static_cast<std::size_t>(heads * rows * size), others = static_cast<std::size_t>(heads * columns * size);
  std::vector<float> q = as<float>(drawn(count, 1)), k = as<float>(drawn(others, 2)), v = as<float>(drawn(others, 3));
  std::vector<float> seed = as<float>(drawn(count, 4));
  std::vector<float> out(count), log_sum(static_cast<std::size_t>(heads * rows)), dq(count), dk(others), dv(others);
  run(*make_attention(spec, true), {q.data(), k.data(), v.data(), out.data(), log_sum.data()});
  run(*make_attention_grad(spec), {seed.data(), out.data(), log_sum.data(), q.data(), k.data(), v.data(), dq.data(),
                                   dk.data(), dv.data()});
  std::vector<double> y(count), by_q(count), by_k(others), by_v(others);
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t at = (h * rows + i) * size, other = h * columns * size;
      const std::int64_t seen = causal ? std::min(i + 1, columns) : columns;
      std::vector<double> weight(static_cast<std::size_t>(seen));
      double total = 0, along = 0;
      for (std::int64_t j = 0; j < seen; ++j) {
        double product = 0;
        for (std::int64_t e = 0; e < size; ++e) product += double{q[at + e]} * k[other + j * size + e];
        total += weight[j] = std::exp(0.5 * product);
      }
      for (std::int64_t j = 0; j < seen; ++j) {
        weight[j] /= total;
        for (std::int64_t e = 0; e < size; ++e) y[at + e] += weight[j] * v[other + j * size + e];
      }
      for (std::int64_t e = 0; e < size; ++e) along += y[at + e] * seed[at + e];
      for (std::int64_t j = 0; j < seen; ++j) {
        double inner = -along;
        for (std::int64_t e = 0; e < size; ++e) inner += double{seed[at + e]} * v[other + j * size + e];
        const double ds = weight[j] * inner * 0.5;
        for (std::int64_t e = 0; e < size; ++e) {
          by_q[at + e] += ds * k[other + j * size + e];
          by_k[other + j * size + e] += ds * q[at + e];
          by_v[other + j * size + e] += weight[j] * seed[at + e];
        }
      }
    }
  }
  near("attention", out, y, 2e-6);
  near("attention, by queries", dq, by_q, 4e-6);
  near("attention, by keys", dk, by_k, 4e-6);
  near("attention, by values", dv, by_v, 4e-6);
}

void check_transform(std::int64_t n) {
  const std::vector<double> numbers = drawn(static_cast<std::size_t>(2 * n), 5);
  std::vector<double> x = numbers, y(x.size()), wanted(x.size());
  run(*make_fft({FftKind::full, Element::f64, false, 1, n, 1}), {x.data(), y.data()});
  for (std::int64_t f = 0; f < n; ++f) {
    std::complex<double> sum = 0;
    for (std::int64_t t = 0; t < n; ++t) {
      sum += std::complex<double>(numbers[2 * t], numbers[2 * t + 1]) *
             std::polar(1.0, -2 * M_PI * static_cast<double>(f * t % n) / static_cast<double>(n));
    }
    wanted[2 * f] = sum.real();
    wanted[2 * f + 1] = sum.imag();
  }
  near("transform", y, wanted, 1e-12);
}

void check_system(std::int64_t n) {
  LinalgSpec spec{};
  spec.kind = LinalgKind::solve;
  spec.part = Element::f64;
  spec.m = spec.n = n, spec.k = 2;
  spec.batch = {1}, spec.a_steps = {1}, spec.b_steps = {1};
  std::vector<double> a = drawn(static_cast<std::size_t>(n * n), 6), b = drawn(static_cast<std::size_t>(2 * n), 7);
  for (std::int64_t i = 0; i < n; ++i) a[i * n + i] += 3;
  std::vector<double> x(b.size()), again(b.size());
  run(*make_linalg(spec), {a.data(), b.data(), x.data()});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t c = 0; c < 2; ++c) again[2 * i + c] += a[i * n + j] * x[2 * j + c];
    }
  }
  near("system", again, b, 1e-11);
}

// Philox4x32-10, block by block.
void check_random(std::int64_t count) {
  std::uint64_t state[] = {0x0123456789abcdef, 0xfedcba9876543210};
  std::vector<std::uint32_t> found(static_cast<std::size_t>(count));
  run(*make_random_bits(count), {state, found.data()});
  std::vector<double> wanted;
  for (std::uint32_t block = 0; wanted.size() < found.size(); ++block) {
    std::uint32_t c[] = {block, 0, static_cast<std::uint32_t>(state[1]), static_cast<std::uint32_t>(state[1] >> 32)};
    std::uint32_t key[] = {static_cast<std::uint32_t>(state[0]), static_cast<std::uint32_t>(state[0] >> 32)};
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t left = std::uint64_t{0xD2511F53} * c[0], right = std::uint64_t{0xCD9E8D57} * c[2];
      c[0] = static_cast<std::uint32_t>(right >> 32) ^ c[1] ^ key[0];
      c[1] = static_cast<std::uint32_t>(right);
      c[2] = static_cast<std::uint32_t>(left >> 32) ^ c[3] ^ key[1];
      c[3] = static_cast<std::uint32_t>(left);
      key[0] += 0x9E3779B9u;
      key[1] += 0xBB67AE85u;
    }
    for (std::uint32_t word : c) {
      if (wanted.size() < found.size()) wanted.push_back(word);
    }
  }
  near("random words", found, wanted, 0);
}

}  // namespace

int main() {
  for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{1, 1, 1}, {3, 17, 40}, {50, 33, 300}, {7, 64, 64}, {1, 90, 70}}) {
    check_product<float>("f32 product", Element::f32, m, n, k, 2e-6);
    check_product<double>("f64 product", Element::f64, m, n, k, 1e-13);
    check_product<std::int32_t>("i32 product", Element::i32, m, n, k, 0);
  }
  for (const bool causal : {false, true}) {
    check_attention(1, 70, 300, 20, causal);
    check_attention(9, 60, 50, 16, causal);
  }
  for (const std::int64_t n : {1, 8, 60, 49, 37, 202}) check_transform(n);
  for (const std::int64_t n : {1, 5, 33, 70}) check_system(n);
  for (const std::int64_t n : {1, 24, 1000}) check_random(n);
  return failures == 0 ? 0 : 1;
}
