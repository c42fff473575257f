"""The messages of ONNX files (`.onnx`), those parts that are written here. See https://onnx.ai/onnx/repo-docs/IR.html."""
from __future__ import annotations

from mindspore.formats.messages import message_classes

CLASSES = message_classes("mindspore_onnx", """
AttributeProto
  1 name string
  2 f float
  3 i int64
  4 s bytes
  5 t TensorProto
  6 g GraphProto
  7 floats *float
  8 ints *int64
  9 strings *bytes
  20 type AttributeProto.AttributeType
AttributeProto.AttributeType = UNDEFINED 0, FLOAT 1, INT 2, STRING 3, TENSOR 4, GRAPH 5, FLOATS 6, INTS 7, STRINGS 8
ValueInfoProto
  1 name string
  2 type TypeProto
NodeProto
  1 input *string
  2 output *string
  3 name string
  4 op_type string
  5 attribute *AttributeProto
  7 domain string
ModelProto
  1 ir_version int64
  2 producer_name string
  3 producer_version string
  7 graph GraphProto
  8 opset_import *OperatorSetIdProto
GraphProto
  1 node *NodeProto
  2 name string
  5 initializer *TensorProto
  11 input *ValueInfoProto
  12 output *ValueInfoProto
TensorProto
  1 dims *int64
  2 data_type int32
  8 name string
  9 raw_data bytes
  13 external_data *StringStringEntryProto
  14 data_location TensorProto.DataLocation
TensorProto.DataLocation = DEFAULT 0, EXTERNAL 1
StringStringEntryProto
  1 key string
  2 value string
TensorShapeProto
  1 dim *TensorShapeProto.Dimension
TensorShapeProto.Dimension
  1 dim_value int64
  2 dim_param string
TypeProto
  1 tensor_type TypeProto.Tensor
TypeProto.Tensor
  1 elem_type int32
  2 shape TensorShapeProto
OperatorSetIdProto
  1 domain string
  2 version int64
""")

ModelProto = CLASSES["ModelProto"]
