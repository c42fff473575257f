"""Metrics: numbers that say how good predictions are."""
from __future__ import annotations

from mindspore.train.metrics.base import Metric, rearrange_inputs
from mindspore.train.metrics.basic import (
    F1,
    MAE,
    MSE,
    Accuracy,
    Fbeta,
    Loss,
    Precision,
    Recall,
    Top1CategoricalAccuracy,
    Top5CategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from mindspore.train.metrics.confusion import ROC, ConfusionMatrix, ConfusionMatrixMetric, auc
from mindspore.train.metrics.likeness import CosineSimilarity, OcclusionSensitivity
from mindspore.train.metrics.masks import Dice, HausdorffDistance, MeanSurfaceDistance, RootMeanSquareDistance
from mindspore.train.metrics.text import BleuScore, Perplexity

__all__ = ["Metric", "Accuracy", "Precision", "Recall", "Fbeta", "F1", "MAE", "MSE", "Loss",
           "TopKCategoricalAccuracy", "Top1CategoricalAccuracy", "Top5CategoricalAccuracy", "ROC", "ConfusionMatrix",
           "ConfusionMatrixMetric", "auc", "CosineSimilarity", "OcclusionSensitivity", "Dice", "HausdorffDistance",
           "MeanSurfaceDistance", "RootMeanSquareDistance", "BleuScore", "Perplexity", "get_metric_fn", "get_metrics",
           "names", "rearrange_inputs"]

_BY_NAME: dict[str, type[Metric]] = {
    "accuracy": Accuracy, "acc": Accuracy, "precision": Precision, "recall": Recall, "F1": F1, "mae": MAE, "mse": MSE,
    "loss": Loss, "top_1_accuracy": Top1CategoricalAccuracy, "top_5_accuracy": Top5CategoricalAccuracy,
    "topk": TopKCategoricalAccuracy, "dice": Dice, "roc": ROC, "bleu_score": BleuScore, "perplexity": Perplexity,
    "cosine_similarity": CosineSimilarity, "occlusion_sensitivity": OcclusionSensitivity,
    "hausdorff_distance": HausdorffDistance, "mean_surface_distance": MeanSurfaceDistance,
    "root_mean_square_distance": RootMeanSquareDistance, "confusion_matrix": ConfusionMatrix,
    "confusion_matrix_metric": ConfusionMatrixMetric,
}


def names() -> list[str]:
    """The names that `get_metric_fn` knows, sorted."""
    return sorted(_BY_NAME)


def get_metric_fn(name: str, *args, **kwargs) -> Metric:
    """The metric called `name`; KeyError for an unknown name."""
    if name not in _BY_NAME:
        raise KeyError(f"there is no metric called {name!r}; known names are {', '.join(_BY_NAME)}")
    return _BY_NAME[name](*args, **kwargs)


def get_metrics(metrics) -> dict[str, Metric]:
    """Metrics by name, from a dict of names and Metrics (or names of metrics), or a set of names."""
    if metrics is None:
        return {}
    if isinstance(metrics, dict):
        found = {k: get_metric_fn(v) if isinstance(v, str) else v for k, v in metrics.items()}
    elif isinstance(metrics, set):
        found = {name: get_metric_fn(name) for name in sorted(metrics)}
    else:
        raise TypeError(f"'metrics' must be a dict or a set of names, but got {type(metrics).__name__}")
    for name, metric in found.items():
        if not isinstance(metric, Metric):
            raise TypeError(f"the metric {name!r} must be a Metric or a name, but got {type(metric).__name__}")
    return found
