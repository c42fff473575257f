"""Operator classes of arrays: matrices, order, counting, places. `operations` takes them from here."""
from __future__ import annotations

from mindspore.common.dtype import float32, int32
from mindspore.ops import (
    activation,
    arithmetic,
    contraction,
    counting,
    creation,
    indexed,
    indexing,
    joining,
    linalg,
    matrices,
    rearranging,
    segments,
    shapes,
    sparse,
    sparse_matrices,
    statistics,
    updates,
    windows,
)
from mindspore.ops.primitive import REQUIRED, Primitive, define

CLASSES: dict[str, type[Primitive]] = {}


def _define(name, function, **attributes):
    CLASSES[name] = define(name, function, **attributes)


# -- matrices ----------------------------------------------------------------------------------------------------------

_define("Cdist", statistics.cdist, p=2.0)
_define("Cross", lambda input, other, dim: linalg.cross(input, other, None if dim == -65530 else dim), dim=-65530)
_define("Einsum", lambda inputs, equation: contraction.einsum(equation, *inputs), equation=REQUIRED)
_define("FillDiagonal", matrices.fill_diagonal, fill_value=REQUIRED, wrap=False)
_define("MatrixBandPart", matrices.matrix_band_part)
_define("MatrixDiagPartV3", matrices.matrix_diag_part, align="RIGHT_LEFT")
_define("MatrixDiagV3", matrices.matrix_diag, align="RIGHT_LEFT")
_define("MatrixSetDiagV3", matrices.matrix_set_diag, align="RIGHT_LEFT")
_define("Pdist", statistics.pdist, p=2.0)
_define("TridiagonalMatMul", matrices.tridiagonal_matmul)
_define("Renorm", lambda x, p, dim, maxnorm: statistics.renorm(x, p, dim, maxnorm), p=REQUIRED, dim=REQUIRED,
        maxnorm=REQUIRED)

# -- shapes and places -------------------------------------------------------------------------------------------------

_define("ChannelShuffle", lambda x, group: windows.channel_shuffle(x, group), group=REQUIRED)
_define("DataFormatDimMap", rearranging.data_format_dim_map, src_format="NHWC", dst_format="NCHW")
_define("DataFormatVecPermute", rearranging.data_format_vec_permute, src_format="NHWC", dst_format="NCHW")
_define("Expand", shapes.broadcast_to)
_define("LogSoftmaxExt", lambda input, dim=None, dtype=None: activation.log_softmax(
    input if dtype is None else shapes.cast(input, dtype), -1 if dim is None else dim))
_define("LogSpace", lambda start, end, steps, base, dtype: creation.logspace(start, end, steps, base, dtype=dtype),
        steps=10, base=10, dtype=float32)
_define("IdentityN", rearranging.identities)
_define("Padding", rearranging.padding, pad_dim_size=8)
_define("PadAndShift", rearranging.pad_and_shift)
_define("ConcatOffset", rearranging.concat_offset, N=2, axis=0)
_define("ConcatOffsetV1", rearranging.concat_offset_of_shapes)
_define("ParallelConcat", lambda values: joining.concat(values, 0))
_define("ReverseSequence", rearranging.reverse_sequence, seq_dim=REQUIRED, batch_dim=0)
_define("UniqueWithPad", rearranging.unique_with_pad)
_define("UnravelIndex", rearranging.unravel_index)

# -- order and counting ------------------------------------------------------------------------------------------------

_define("Bincount", counting.bincount_of_size)
_define("Bucketize", counting.bucket_numbers, boundaries=REQUIRED)
_define("CompareAndBitpack", counting.compare_and_bitpack)
_define("ConfusionMatrix", counting.confusion_matrix, num_classes=REQUIRED, dtype="int32")
_define("CumulativeLogsumexp", counting.cumulative_logsumexp, exclusive=False, reverse=False)
_define("Histogram", counting.histogram, bins=100, min=0.0, max=0.0)
_define("HistogramFixedWidth", counting.histogram_fixed_width, nbins=REQUIRED, dtype="int32")
_define("InTopK", counting.intopk, k=REQUIRED)
_define("LowerBound", counting.lower_bound, out_type=int32)
_define("Median", counting.median, global_median=False, axis=0, keep_dims=False, ignore_nan=False)
_define("NoRepeatNGram", counting.no_repeat_ngram, ngram_size=1)
_define("NthElement", counting.nth_element, reverse=False)
_define("PopulationCount", counting.population_count)
_define("Quantile", counting.quantile, dim=None, keep_dims=False, ignore_nan=False)
_define("UpperBound", counting.upper_bound, out_type=int32)

# -- writing at places -------------------------------------------------------------------------------------------------

_define("EmbeddingLookup", indexed.embedding_lookup)
_define("IndexPut", indexed.index_put, accumulate=0)
_define("InplaceAdd", indexed.inplace_add, indices=REQUIRED)
_define("InplaceIndexAdd", indexed.inplace_index_add, axis=REQUIRED)
_define("InplaceSub", indexed.inplace_sub, indices=REQUIRED)
_define("InplaceUpdate", indexed.inplace_update, indices=REQUIRED)
_define("InplaceUpdateV2", lambda x, indices, v: indexed.inplace_update(x, v, indices))
_define("LerpScalar", arithmetic.lerp)
_define("MapUniform", indexed.map_uniform)
_define("MaskedScatter", indexed.masked_scatter)
_define("ScatterAddWithAxis", indexed.scatter_add_with_axis, axis=0)
_define("ScatterNonAliasingAdd", updates.scatter_nd_add)
_define("SparseGatherV2", indexing.gather)

# -- what depends on values --------------------------------------------------------------------------------------------

_define("Coalesce", segments.coalesce)
_define("ComputeAccidentalHits", segments.compute_accidental_hits, num_true=1)
_define("ListDiff", segments.list_diff, out_idx=int32)
_define("RaggedRange", segments.ragged_range, Tsplits=REQUIRED)
_define("SegmentMax", segments.segment_max)
_define("SegmentMean", segments.segment_mean)
_define("SegmentMin", segments.segment_min)
_define("SegmentProd", segments.segment_prod)
_define("SegmentSum", segments.segment_sum)
_define("SubAndFilter", segments.sub_and_filter)

# -- sparse tensors ----------------------------------------------------------------------------------------------------

_define("SparseAdd", sparse_matrices.sparse_add)
_define("SparseMatrixAdd", sparse_matrices.sparse_matrix_add)
_define("SparseSlice", sparse.sparse_slice)
_define("SparseTensorToCSRSparseMatrix", sparse_matrices.sparse_tensor_to_rows)
_define("SparseTensorDenseAdd", sparse.sparse_dense_add)
_define("SparseTensorDenseMatmul", sparse.sparse_dense_matmul, adjoint_st=False, adjoint_dt=False)
_define("SparseToDense", sparse.sparse_to_dense)
