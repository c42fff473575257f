"""The messages of checkpoint files, for programs that read and write them by themselves.

`save_checkpoint` and `load_checkpoint` do without these classes (`_checkpoint_format`).
"""
from mindspore.formats.messages import message_classes

__all__ = ["Checkpoint", "MapTensorProto", "TensorProto"]

_CLASSES = message_classes("checkpoint", """
TensorProto
  1 dims *int64
  2 tensor_type !string
  3 tensor_content !bytes
MapTensorProto
  1 tensor *TensorProto
Checkpoint
  1 value *Checkpoint.Value
Checkpoint.Value
  1 tag !string
  2 tensor TensorProto
  3 maptensor MapTensorProto
""")
Checkpoint, TensorProto, MapTensorProto = (_CLASSES[name] for name in ("Checkpoint", "TensorProto", "MapTensorProto"))
