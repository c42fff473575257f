"""File formats: what stands in the files, apart from networks and tensors.

`messages` makes protocol-buffer classes from short tables; `mind_ir` and `onnx_messages` are such tables.
docs/exporting.md says which module does what.
"""
