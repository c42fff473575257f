"""The hooks of the plugin contract.

A plugin is a module named in the entry-point group `mindspore.plugins`. Loading it must be light: no shared library,
no device initialisation. Each hook below is called once, when plugins are loaded, on the thread that first needs a
device, unless its text says otherwise; a plugin implements the hooks it needs and marks them with `hookimpl`. None
means: nothing to contribute. Beside them stands the version of the contract that the plugin was written for
(`versions`).

    from mindspore.plugin import hookimpl

    mindspore_plugin_api = 3

    @hookimpl
    def mindspore_backends():
        return [MyBackend()]
"""
from __future__ import annotations

import pluggy

hookspec = pluggy.HookspecMarker("mindspore")
"""Marks the declarations of the hooks in this module; plugins use `hookimpl`."""

hookimpl = pluggy.HookimplMarker("mindspore")
"""Marks a function of a plugin as the implementation of the hook of its name. `hookimpl(specname="mindspore_passes")`
names the hook where the function has another name; `hookimpl(optionalhook=True)` marks one that only other versions of
the contract have, which is then left out instead of turning the plugin off."""


@hookspec
def mindspore_backends():
    """Return a list of `Backend` objects: the devices that this plugin brings. since: plugin API 1

    Called once, when plugins are loaded. Making a backend must be as light as importing the plugin: what is heavy
    belongs into `Backend.open`. A backend whose version does not fit is left out, with the reason; one that raises here
    turns its plugin off.

    Examples:
        >>> from mindspore.plugin import BackendInfo, DeviceUnavailableError, hookimpl, manager
        >>> class Unplugged:
        ...     info = BackendInfo("unplugged", "Unplugged", "1.0")
        ...     def status(self):
        ...         return "the cable hangs loose"
        ...     def open(self, device_id=0):
        ...         raise DeviceUnavailableError(f"unplugged: {self.status()}; plug it in")
        >>> class Plugin:
        ...     @staticmethod
        ...     @hookimpl
        ...     def mindspore_backends():
        ...         return [Unplugged()]
        >>> manager.register_plugin(Plugin, "unplugged").hooks
        ['mindspore_backends']
        >>> manager.backend_for("Unplugged").status()
        'the cable hangs loose'
        >>> manager.unregister_plugin("unplugged")
    """


@hookspec
def mindspore_kernels(backend):
    """Return a dict of primitive name -> `KernelBuilder` to add to somebody else's backend. since: plugin API 1

    Called once for each device that is opened, on the thread that opens it, with the backend's `BackendInfo`. The
    builders take the place of the backend's own of the same names; among plugins the last one in the order of names
    wins. A hook that raises contributes nothing: a warning and `python -m mindspore plugins` say why. The builder gets
    the backend's buffers, so its author knows that backend.

    Args:
        backend (BackendInfo): whose device is being opened.

    Examples:
        >>> import numpy as np
        >>> from mindspore import Tensor, ops
        >>> from mindspore.plugin import BackendInfo, hookimpl, manager
        >>> from mindspore.reference.device import ReferenceDevice, view
        >>> from mindspore.runtime.device import use_backend
        >>> class Theirs:
        ...     info = BackendInfo("theirs", "Theirs", "1.0")
        ...     def status(self):
        ...         return "available"
        ...     def open(self, device_id=0):
        ...         return ReferenceDevice()
        ...     @staticmethod
        ...     @hookimpl
        ...     def mindspore_backends():
        ...         return [Theirs()]
        >>> class Ours:
        ...     @staticmethod
        ...     @hookimpl
        ...     def mindspore_kernels(backend):
        ...         def build(spec):
        ...             def run(ins, outs):
        ...                 print("our tanh")
        ...                 view(outs[0], spec.outs[0])[...] = np.tanh(view(ins[0], spec.ins[0]))
        ...             return run
        ...         return {"tanh": build} if backend.name == "theirs" else None
        >>> for plugin in (Theirs, Ours):
        ...     record = manager.register_plugin(plugin, plugin.__name__)
        >>> with use_backend("theirs"):
        ...     print(ops.tanh(Tensor([0.0, 1.0])).asnumpy())
        our tanh
        [0.        0.7615942]
        >>> for plugin in (Theirs, Ours):
        ...     manager.unregister_plugin(plugin.__name__)
    """


@hookspec
def mindspore_primitives():
    """Return a list of `Primitive` classes to register: custom operators with all their rules. since: plugin API 1

    Called once, when plugins are loaded. The operators exist on every backend from then on: where a device has no
    kernel, they are decomposed, or run by their reference. The conformance suite tests them by their `samples`.

    Examples:
        >>> from mindspore import Tensor
        >>> from mindspore.compiler.primitives import Elementwise
        >>> from mindspore.compiler.primitives.support import numpy_rule, unary_samples
        >>> from mindspore.plugin import hookimpl, manager
        >>> from mindspore.runtime.record import call
        >>> class SquarePlusOne(Elementwise):
        ...     "x * x + 1."
        ...     name, kinds = "square_plus_one", "f"
        ...     reference = numpy_rule(lambda x: x * x + 1)
        ...     def lower(self, b, x):
        ...         return b.add(b.mul(x, x), 1.0)
        ...     def samples(self):
        ...         return unary_samples(-2.0, 2.0)
        >>> class Plugin:
        ...     @staticmethod
        ...     @hookimpl
        ...     def mindspore_primitives():
        ...         return [SquarePlusOne]
        >>> record = manager.register_plugin(Plugin, "squares")
        >>> call("square_plus_one", Tensor([1.0, 3.0])).asnumpy()
        array([ 2., 10.], dtype=float32)
        >>> manager.unregister_plugin("squares")
    """


@hookspec
def mindspore_passes():
    """Return a list of functions `Graph -> Graph` that run after automatic differentiation and before a graph is
    lowered, in the order of the plugins' names. since: plugin API 1

    The hook is called once, when plugins are loaded; the functions are called once for each graph that is compiled,
    also those inside branches and loops, by whatever thread compiles. A pass keeps the graph's parameters, and the
    number and types of its outputs; `MS_VERIFY=1` checks what it returns. A pass is a part of the compiler's cache key.

    Examples:
        >>> from mindspore import Tensor, jit, ops
        >>> from mindspore.plugin import hookimpl, manager
        >>> def count(graph):
        ...     print(graph.name, len(graph.nodes), "nodes")
        ...     return graph
        >>> class Plugin:
        ...     @staticmethod
        ...     @hookimpl
        ...     def mindspore_passes():
        ...         return [count]
        >>> record = manager.register_plugin(Plugin, "counts")
        >>> def double_exp(x):
        ...     return ops.exp(x) * 2
        >>> found = jit(double_exp)(Tensor([0.0])).asnumpy()
        double_exp 4 nodes
        >>> manager.unregister_plugin("counts")
    """


@hookspec
def mindspore_communicators(backend):
    """Return a dict of communicator name -> factory for the collectives of a backend, given its `BackendInfo`.
    since: plugin API 1

    Called each time that somebody asks for the communicators of a backend (`manager.communicators`): a package for
    programs in several processes, and the conformance suite. Core itself has no use for them. A factory is a
    `CommunicatorFactory`; what it makes is a `Communicator`.

    Args:
        backend (BackendInfo): whose devices are to work together.

    Examples:
        >>> from mindspore.plugin import hookimpl, manager
        >>> class Alone:
        ...     def __init__(self, device, group):
        ...         if group.size != 1:
        ...             raise ValueError(f"alone: the group has {group.size} members, expected 1")
        ...         self.device, self.rank, self.size = device, group.rank, group.size
        ...     def all_reduce(self, target, source, aval, op):
        ...         self.device.allocator.copy(target, source, aval.nbytes)
        >>> class Plugin:
        ...     @staticmethod
        ...     @hookimpl
        ...     def mindspore_communicators(backend):
        ...         return {"alone": Alone} if backend.name == "reference" else None
        >>> record = manager.register_plugin(Plugin, "alone")
        >>> manager.communicators("reference")["alone"] is Alone
        True
        >>> manager.unregister_plugin("alone")
    """
