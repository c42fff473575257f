// What the instruction sets' copies of the matrix algorithms offer to the kernels of linalg.h.
//
// Matrices are row-major; `ld` is the number of elements from one row to the next. "Columns as rows" means that the
// matrix is stored transposed, so that its columns are contiguous.
#pragma once

#include <cstddef>
#include <cstdint>

#include "element.h"
#include "gemm.h"

namespace mindspore::cpu {

// A complex number, as it lies in memory.
template <class T>
struct Cx {
  T re, im;
};

// Where matrix products compute: temporary memory of one thread, and how many threads one product may be divided among
// (each with `product_bytes` of it).
struct Room {
  char* products;
  std::uint64_t product_bytes;
  int threads;
};

// c -= a b for real elements, by the product of gemm.h.
void subtract_product(Element element, const Room& room, std::int64_t m, std::int64_t n, std::int64_t k, MatrixView a,
                      MatrixView b, void* c, std::int64_t ldc);

// The triangle of a system: element (i, j) stands at data[i * row + j * col]; complex ones may be meant conjugated.
template <class S>
struct Triangle {
  const S* data;
  std::int64_t row, col;
  bool lower, unit, conjugate;
};

// The algorithms for elements S, whose absolute values are R.
template <class S, class R>
struct LinalgTable {
  // The upper triangular U with U^H U = a in the upper triangle of a, which is read alone. False, with a in disorder,
  // where a is not positive definite.
  bool (*cholesky)(std::int64_t n, S* a, const Room& room);
  // L and U in place of a (m, n), and the rows that rows 0, 1, ... were exchanged with. panel: room for lu_panel * m.
  void (*lu)(std::int64_t m, std::int64_t n, S* a, std::int32_t* places, S* panel, const Room& room);
  // x with t x = b in place of b (n, k). column: room for n elements.
  void (*solve)(std::int64_t n, std::int64_t k, const Triangle<S>& t, S* b, S* column, const Room& room);
  // a (m, n) has its columns as rows: R, and below its diagonal the vectors of the reflections, in place of it, and
  // min(m, n) factors. work: room for qr_work(m).
  void (*reflect)(std::int64_t m, std::int64_t n, S* a, S* tau, S* work, const Room& room);
  // The first `count` columns, as rows of length m, of the product of the first k reflections of a.
  void (*reflections)(std::int64_t m, std::int64_t k, std::int64_t count, const S* a, const S* tau, S* q, S* work,
                      const Room& room);
  // The eigenvalues of a Hermitian matrix in ascending order, and the eigenvectors as rows of v. Row c of `a` has column c
  // from the diagonal on, and is lost. work: room for eigen_work(n). False where there are none, with NaN about.
  bool (*eigen)(std::int64_t n, S* a, R* w, S* v, S* work, const Room& room);
  // The singular values, in descending order, of the matrix whose n columns of m >= n elements are the rows of g, which
  // is lost. The rows of u (count, m) become left vectors, those of v (n, n) the right ones; with `adjoint` their signs or
  // phases are those of the adjoint matrix. work: room for singular_work(m, n). False where there are none.
  bool (*singular)(std::int64_t m, std::int64_t n, std::int64_t count, bool adjoint, S* g, R* s, S* u, S* v, S* work,
                   const Room& room);
  // to (n, m) = a (m, n) transposed, with conjugates if `conjugate`.
  void (*transpose)(std::int64_t m, std::int64_t n, const S* a, S* to, bool conjugate);
};

constexpr std::int64_t lu_panel = 16;    // columns that are eliminated without matrix products
constexpr std::int64_t qr_panel = 32;    // reflections that are applied together

constexpr std::int64_t qr_step = 128;    // vectors to which they are applied at a time

inline std::int64_t qr_work(std::int64_t m) { return qr_panel * (m + qr_panel + 2 * qr_step); }

inline std::int64_t eigen_work(std::int64_t n) { return 2 * n * (n + 2) + qr_work(n); }

inline std::int64_t singular_work(std::int64_t m, std::int64_t n) { return 2 * n * (n + 2) + m + qr_work(m); }

struct LinalgTables {
  LinalgTable<float, float> f32;
  LinalgTable<double, double> f64;
  LinalgTable<Cx<float>, float> c64;
  LinalgTable<Cx<double>, double> c128;
};

extern const LinalgTables linalg_generic;
extern const LinalgTables linalg_avx2;
extern const LinalgTables linalg_avx512;

// The copy for this processor.
const LinalgTables& linalg_tables();

}  // namespace mindspore::cpu
