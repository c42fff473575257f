"""File formats: what stands in the files, apart from networks and tensors.

`messages` makes protocol-buffer classes from short tables; `mind_ir` is such a table.
"""
