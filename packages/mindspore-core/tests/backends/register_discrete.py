"""A pytest plugin that registers the discrete test backend."""
import discrete

from mindspore.plugin import manager

manager.register_plugin(discrete, "discrete")
