"""Transforms for sound: waveforms (..., time) and spectrograms (..., frequency, time), float32 or float64."""
from __future__ import annotations

from mindspore.module_paths import answer_below

from ._banks import (
    create_dct,
    linear_fbanks,
    melscale_fbanks,
)
from ._effects import (
    Flanger,
    Overdrive,
    Phaser,
)
from ._enums import (
    BorderType,
    DensityFunction,
    FadeShape,
    GainType,
    Interpolation,
    MelType,
    Modulation,
    NormMode,
    NormType,
    ResampleMethod,
    ScaleType,
    WindowType,
)
from ._features import (
    LFCC,
    MFCC,
    ComputeDeltas,
    DetectPitchFrequency,
    InverseMelScale,
    MelScale,
    MelSpectrogram,
    SlidingWindowCmn,
)
from ._filters import (
    AllpassBiquad,
    BandBiquad,
    BandpassBiquad,
    BandrejectBiquad,
    BassBiquad,
    Biquad,
    DeemphBiquad,
    EqualizerBiquad,
    Filtfilt,
    HighpassBiquad,
    LFilter,
    LowpassBiquad,
    RiaaBiquad,
    TrebleBiquad,
)
from ._levels import (
    AmplitudeToDB,
    Angle,
    ComplexNorm,
    Contrast,
    DBToAmplitude,
    DCShift,
    Dither,
    Fade,
    Gain,
    Magphase,
    MuLawDecoding,
    MuLawEncoding,
    Vol,
)
from ._masks import (
    FrequencyMasking,
    MaskAlongAxis,
    MaskAlongAxisIID,
    TimeMasking,
)
from ._spectra import (
    GriffinLim,
    InverseSpectrogram,
    PhaseVocoder,
    PitchShift,
    Resample,
    SpectralCentroid,
    Spectrogram,
    TimeStretch,
)
from ._vad import (
    Vad,
)

__all__ = [
    "AllpassBiquad", "AmplitudeToDB", "Angle", "BandBiquad", "BandpassBiquad", "BandrejectBiquad", "BassBiquad",
    "Biquad", "BorderType", "ComplexNorm", "ComputeDeltas", "Contrast", "DBToAmplitude", "DCShift", "DeemphBiquad",
    "DensityFunction", "DetectPitchFrequency", "Dither", "EqualizerBiquad", "Fade", "FadeShape", "Filtfilt",
    "Flanger", "FrequencyMasking", "Gain", "GainType", "GriffinLim", "HighpassBiquad", "Interpolation",
    "InverseMelScale", "InverseSpectrogram", "LFCC", "LFilter", "LowpassBiquad", "MFCC", "Magphase",
    "MaskAlongAxis", "MaskAlongAxisIID", "MelScale", "MelSpectrogram", "MelType", "Modulation", "MuLawDecoding",
    "MuLawEncoding", "NormMode", "NormType", "Overdrive", "PhaseVocoder", "Phaser", "PitchShift", "Resample",
    "ResampleMethod", "RiaaBiquad", "ScaleType", "SlidingWindowCmn", "SpectralCentroid", "Spectrogram",
    "TimeMasking", "TimeStretch", "TrebleBiquad", "Vad", "Vol", "WindowType", "create_dct", "linear_fbanks",
    "melscale_fbanks",
]

answer_below(__name__)
