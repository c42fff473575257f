"""The messages of MINDIR files (`.mindir`), format version 3."""
from __future__ import annotations

from mindspore.formats.messages import message_classes

CLASSES = message_classes("mind_ir", """
Version = IR_VERSION_START 0, IR_VERSION 1, IR_VERSION_WITH_PRIM_FUNCTION 2, IR_VERSION_WITH_SCALAR_GRAPH_HOLDER 3
AttributeProto
  1 name string
  2 f float
  3 i int64
  4 d double
  5 s bytes
  6 t TensorProto
  7 g GraphProto
  8 floats *float
  9 doubles *double
  10 ints *int64
  11 strings *bytes
  12 tensors *TensorProto
  13 graphs *GraphProto
  14 doc_string string
  15 ref_attr_name string
  16 type AttributeProto.AttributeType
  17 values *AttributeProto
  18 seq_info AttributeProto.SeqInfoProto
  19 functor FunctorProto
  20 graph_holder ScalarGraphHolderProto
AttributeProto.AttributeType = UNDEFINED 0, FLOAT 1, UINT8 2, INT8 3, UINT16 4, INT16 5, INT32 6, INT64 7, \
STRING 8, BOOL 9, FLOAT16 10, DOUBLE 11, UINT32 12, UINT64 13, COMPLEX64 14, COMPLEX128 15, BFLOAT16 16, \
TENSOR 17, GRAPH 18, TENSORS 19, TUPLE 20, LIST 21, DICT 22, UMONAD 23, IOMONAD 24, NONE 25, \
PRIMITIVECLOSURE 26, FUNCGRAPHCLOSURE 27, PARTIALCLOSURE 28, UNIONFUNCCLOSURE 29, CSR_TENSOR 30, COO_TENSOR 31, \
ROW_TENSOR 32, CLASS_TYPE 33, NAME_SPACE 34, SYMBOL 35, TYPE_NULL 36, MAP_TENSOR 37, FUNCTOR 38, SCALAR 39, \
SCALAR_GRAPH_HOLDER 40
AttributeProto.SeqInfoProto
  1 is_dyn_len bool
  2 tuple_elem_item AttributeProto
FunctorProto
  1 type FunctorProto.FunctorType
  2 name string
  3 values *AttributeProto
FunctorProto.FunctorType = SHAPE_CALC_FUNCTOR 1, ANY_FUNCTOR 2
ValueInfoProto
  1 name string
  2 tensor *TensorProto
  3 doc_string string
  4 denotation string
  5 attr_info AttributeProto
NodeProto
  1 input *string
  2 output *string
  3 name string
  4 op_type string
  5 attribute *AttributeProto
  6 doc_string string
  7 domain string
  8 node_attr *AttributeProto
  9 primal_attr *AttributeProto
ModelProto
  1 ir_version string
  2 producer_name string
  3 producer_version string
  4 domain string
  5 model_version string
  6 doc_string string
  7 graph GraphProto
  8 functions *GraphProto
  9 preprocessor PreprocessorProto
  10 little_endian bool
  11 parallel ParallelProto
  12 primitives *PrimitiveProto
  13 mind_ir_version int64
  14 user_info *ModelProto.UserInfoEntry
ModelProto.UserInfoEntry
  1 key string
  2 value string
PreprocessorProto
  1 op *PreprocessOpProto
PreprocessOpProto
  1 input_columns string
  2 output_columns string
  3 project_columns string
  4 op_type string
  5 operations string
  6 offload bool
GraphProto
  1 node *NodeProto
  2 name string
  3 parameter *TensorProto
  4 doc_string string
  5 input *ValueInfoProto
  6 output *ValueInfoProto
  7 bprop_hash string
  8 attribute *AttributeProto
  9 bprop_filepath string
  10 map_parameter *MapTensorProto
TensorProto
  1 dims *int64
  2 data_type int32
  3 float_data *float
  4 int32_data *int32
  5 string_data *bytes
  6 int64_data *int64
  7 name string
  8 doc_string string
  9 raw_data bytes
  10 double_data *double
  11 uint64_data *uint64
  12 external_data TensorProto.ExternalDataProto
  13 ref_key string
  14 min_dims *int64
  15 max_dims *int64
  16 compression_type TensorProto.CompressionType
  17 quant_params *TensorProto.QuantParamProto
TensorProto.DataType = UNDEFINED 0, FLOAT 1, UINT8 2, INT8 3, UINT16 4, INT16 5, INT32 6, INT64 7, STRING 8, \
BOOL 9, FLOAT16 10, DOUBLE 11, UINT32 12, UINT64 13, COMPLEX64 14, COMPLEX128 15, BFLOAT16 16, FLOAT64 17, \
QINT4X2 18
TensorProto.CompressionType = NO_COMPRESSION 0, INDEXING 1, SPARSE 2, FSE 3, BIT_PACKING 4, FSE_INT 5, FSE_INFER 6
TensorProto.ExternalDataProto
  1 location string
  2 offset int64
  3 length int64
TensorProto.QuantParamProto
  1 quant_algo_name !string
  2 attribute *AttributeProto
MapTensorProto
  1 name !string
  2 default_value !AttributeProto
  3 key_tensor !TensorProto
  4 value_tensor !TensorProto
  5 status_tensor !TensorProto
ParallelProto
  1 layout *LayoutProto
LayoutProto
  1 name string
  2 device_arrangement_int *int64
  3 tensor_map_int *int64
  4 slice_shape_int *int64
  5 field_size int64
  6 uniform_split bool
  7 opt_shard_group string
  8 pipeline_shared bool
  9 is_send bool
  10 peer_rank int64
  11 sr_tag int64
  12 opt_shard_slice_shape_int *int64
PrimitiveProto
  1 name string
  2 op_type string
  3 attribute *AttributeProto
  4 instance_name string
  5 prim_type PrimitiveProto.PrimType
PrimitiveProto.PrimType = PRIMITIVE 1, PRIMITIVE_FUNCTION 2
ScalarNodeProto
  1 scalar_op_type int64
  2 in_index *int64
  3 value *int64
ScalarGraphHolderProto
  1 scalar_node *ScalarNodeProto
  2 input_shape_index *uint64
""")

ModelProto = CLASSES["ModelProto"]
GraphProto = CLASSES["GraphProto"]
NodeProto = CLASSES["NodeProto"]
AttributeProto = CLASSES["AttributeProto"]
TensorProto = CLASSES["TensorProto"]
