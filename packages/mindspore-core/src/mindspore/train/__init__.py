"""Training: Model, callbacks, metrics, checkpoints."""
from mindspore.module_paths import answer_below
from mindspore.train.amp import build_train_network
from mindspore.train.callback import (
    BackupAndRestore,
    Callback,
    CheckpointConfig,
    EarlyStopping,
    FlopsUtilizationCollector,
    History,
    LambdaCallback,
    LearningRateScheduler,
    LossMonitor,
    ModelCheckpoint,
    OnRequestExit,
    ProgressBar,
    ReduceLROnPlateau,
    RunContext,
    SummaryCollector,
    SummaryLandscape,
    TimeMonitor,
)
from mindspore.train.dataset_helper import DatasetHelper
from mindspore.train.loss_scale_manager import DynamicLossScaleManager, FixedLossScaleManager, LossScaleManager
from mindspore.train.metrics import (
    F1,
    MAE,
    MSE,
    ROC,
    Accuracy,
    BleuScore,
    ConfusionMatrix,
    ConfusionMatrixMetric,
    CosineSimilarity,
    Dice,
    Fbeta,
    HausdorffDistance,
    Loss,
    MeanSurfaceDistance,
    Metric,
    OcclusionSensitivity,
    Perplexity,
    Precision,
    Recall,
    RootMeanSquareDistance,
    Top1CategoricalAccuracy,
    Top5CategoricalAccuracy,
    TopKCategoricalAccuracy,
    auc,
    get_metric_fn,
    names,
    rearrange_inputs,
)
from mindspore.train.model import Model
from mindspore.train.serialization import (
    async_ckpt_thread_status,
    build_searched_strategy,
    ckpt_to_safetensors,
    export,
    load,
    load_checkpoint,
    load_checkpoint_async,
    load_distributed_checkpoint,
    load_param_into_net,
    merge_sliced_parameter,
    restore_group_info_list,
    safetensors_to_ckpt,
    save_checkpoint,
)
from mindspore.train.sinking import connect_network_with_dataset, data_sink
from mindspore.train.summary import SummaryRecord
from mindspore.train.train_thor import ConvertModelUtils, ConvertNetUtils

answer_below(__name__)
