"""Training with the second-order optimizer `nn.thor`: networks and Models that are changed for it."""
from mindspore.train.train_thor.convert_utils import ConvertModelUtils, ConvertNetUtils
from mindspore.train.train_thor.model_thor import ModelThor

__all__ = ["ConvertModelUtils", "ConvertNetUtils", "ModelThor"]
