"""The conformance suite of backends and operators.

    pytest --pyargs mindspore.testing.conformance --ms-backend=cpu

`test_primitives` checks the rules of every registered operator against each other, on no device. `test_ops` compares
the values and gradients which a device computes with the operators' references, at every dtype that the device claims.
Both are generated from `Primitive.samples()`, so an operator of a plugin is tested by being registered, and a backend
by being installed. `cases` says how a sample becomes a graph and when two results agree.
"""
