// What one instruction set's copy of the attention offers to the dispatcher.
#pragma once

#include "attention.h"
#include "threads.h"

namespace mindspore::cpu {

// The operands and results of one head. `dout` and what follows are the derivative's.
struct AttentionHead {
  const void *q, *k, *v, *mask;
  void* out;
  float* log_sum;  // null where it is not wanted
  const void* dout;
  void *dq, *dk, *dv;  // null where they are not wanted
};

struct AttentionTable {
  // Some queries of a head.
  void (*forward)(const AttentionSpec&, const AttentionHead&, const Range& rows, void* scratch);
  // dq of some queries from some keys, and dk and dv of the keys from the queries: one of both ranges is whole.
  void (*backward)(const AttentionSpec&, const AttentionHead&, const Range& rows, const Range& keys, void* scratch);
  // The scratch memory of one call for so many queries.
  std::size_t (*forward_bytes)(const AttentionSpec&, std::int64_t rows);
  std::size_t (*backward_bytes)(const AttentionSpec&, std::int64_t rows);
};

extern const AttentionTable attention_generic;
extern const AttentionTable attention_avx2;
extern const AttentionTable attention_avx512;

}  // namespace mindspore::cpu
