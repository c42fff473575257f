// Attention and its derivative, head by head, in tiles of the products of queries and keys.
//
//   out = softmax(scale q k^T + mask) v        log_sum = log(sum(exp(scale q k^T + mask)))
//
// No more than one tile of the products is stored at a time: the softmax is carried from tile to tile as the largest
// product so far and the sum relative to it, and the derivative finds the weights again from `log_sum`. All arithmetic
// is in f32. The numbers that a row sums go by the shapes alone, not by the number of threads. Sources: Dao et al.,
// "FlashAttention", 2022; Dao, "FlashAttention-2", 2023; Milakov and Gimelshein, "Online normalizer calculation for
// softmax", 2018.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

enum class Mask { none, keep, added };  // `keep`: bytes, 0 hides a key

// q[batch, rows, size], k[batch, columns, size], v[batch, columns, width]; the steps of each operand along the batch's
// axes, and the mask's along its rows and columns too, are in elements, 0 where it broadcasts.
struct AttentionSpec {
  Element element;  // f16, bf16 or f32
  std::int64_t rows, columns, size, width;
  std::vector<std::int64_t> batch, q_steps, k_steps, v_steps;
  Mask mask;
  std::vector<std::int64_t> mask_steps;
  std::int64_t mask_row, mask_column;
  bool causal;  // key s is hidden from query l where s > l
  float scale;

  // Whether tiles that lie above the diagonal are left out.
  bool skips() const { return causal && mask == Mask::none; }
};

// Buffers: q, k, v, [mask], out, and with `log_sum` that, f32.
std::unique_ptr<Kernel> make_attention(const AttentionSpec& spec, bool log_sum);

// Buffers: the cotangent of out, out, log_sum, q, k, v, [mask], dq, dk, dv; these three with the batch's axes.
std::unique_ptr<Kernel> make_attention_grad(const AttentionSpec& spec);

}  // namespace mindspore::cpu
