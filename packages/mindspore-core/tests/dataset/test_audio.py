"""Audio transforms against independent formulas: recurrences step by step, Fourier sums, sines of known pitch."""
from __future__ import annotations

import cmath
import math
import pickle
import wave

import numpy as np
import pytest

import mindspore.dataset as ds
import mindspore.dataset.audio.utils as utils
from mindspore.dataset import audio

RNG = np.random.default_rng(5)
NOISE = RNG.uniform(-1, 1, (2, 700))


def sine(frequency: float, rate: int, count: int) -> np.ndarray:
    return np.sin(2 * math.pi * frequency * np.arange(count) / rate)


def filtered(signal, a, b):
    result = np.zeros(len(signal))
    for n in range(len(signal)):
        result[n] = sum(b[k] * signal[n - k] for k in range(len(b)) if k <= n)
        result[n] = (result[n] - sum(a[k] * result[n - k] for k in range(1, len(a)) if k <= n)) / a[0]
    return result


@pytest.mark.parametrize("a, b", [([1.0, -0.5], [0.3, 0.2]), ([2.0, 0.4, -0.3, 0.1], [0.1, 0.2, 0.3, 0.4]),
                                  ([1.0, 0.0], [0.5, 0.5]), ([4.0], [2.0])])
def test_filters_are_the_recurrence(a, b):
    expected = np.stack([filtered(row, a, b) for row in NOISE])
    assert np.allclose(audio.LFilter(a, b, clamp=False)(NOISE), expected)
    assert np.allclose(audio.LFilter(a, b)(NOISE * 9), np.clip(expected * 9, -1, 1))
    twice = np.stack([filtered(row[::-1], a, b)[::-1] for row in expected])
    assert np.allclose(audio.Filtfilt(a, b, clamp=False)(NOISE), twice)


def response(section, frequency: float, rate: int) -> float:
    delay = cmath.exp(-2j * math.pi * frequency / rate)
    return abs(np.polyval(section.b[::-1], delay) / np.polyval(section.a[::-1], delay))


SECTIONS = [
    (audio.LowpassBiquad(8000, 1000, 0.707), {0: 1, 1000: 0.707, 4000: 0}),
    (audio.HighpassBiquad(8000, 1000, 0.707), {0: 0, 1000: 0.707, 4000: 1}),
    (audio.AllpassBiquad(8000, 1000, 0.5), {100: 1, 1000: 1, 3000: 1}),
    (audio.BandpassBiquad(8000, 1000, 0.5), {0: 0, 1000: 1, 4000: 0}),
    (audio.BandpassBiquad(8000, 1000, 0.5, True), {1000: 0.5}),
    (audio.BandrejectBiquad(8000, 1000, 0.5), {0: 1, 1000: 0, 4000: 1}),
    (audio.EqualizerBiquad(8000, 1000, 6, 0.5), {0: 1, 1000: 10 ** 0.3, 4000: 1}),
    (audio.BassBiquad(8000, 6, 300), {0: 10 ** 0.3, 300: 10 ** 0.15, 4000: 1}),
    (audio.TrebleBiquad(8000, -6, 1000), {0: 1, 1000: 10 ** -0.15, 4000: 10 ** -0.3}),
    (audio.DeemphBiquad(44100), {0: 1, 22050: 10 ** (-9.477 / 20)}),
    (audio.RiaaBiquad(48000), {1000: 1}),
    (audio.Biquad(1, 2, 3, 2, 0, 0), {0: 3, 4000: 1}),
]


@pytest.mark.parametrize("number", range(len(SECTIONS)))
def test_sections_have_the_gains_that_define_them(number):
    section, gains = SECTIONS[number]
    rate = {9: 44100, 10: 48000}.get(number, 8000)
    for frequency, gain in gains.items():
        assert response(section, frequency, rate) == pytest.approx(gain, abs=1e-6)
    assert np.allclose(section(NOISE / 9)[0], np.clip(filtered(NOISE[0] / 9, section.a, section.b), -1, 1))


def test_the_band_filter_peaks_at_its_frequency():
    for noise in (False, True):
        section = audio.BandBiquad(8000, 1000, 0.9, noise)
        gains = [response(section, f, 8000) for f in (200, 1000, 3000)]
        assert gains[1] > max(gains[0], gains[2])


@pytest.mark.parametrize("window", list(audio.WindowType), ids=lambda w: w.value)
def test_spectrograms_are_fourier_sums(window):
    options = {"n_fft": 16, "win_length": 12, "hop_length": 5, "window": window, "center": False}
    found = audio.Spectrogram(**options, power=0.0)(NOISE)
    taper = {"hann": 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(12) / 12),
             "hamming": 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(12) / 12),
             "blackman": 0.42 - 0.5 * np.cos(np.pi * np.arange(12) / 6) + 0.08 * np.cos(np.pi * np.arange(12) / 3),
             "bartlett": 1 - np.abs(np.arange(12) - 6) / 6,
             "kaiser": np.i0(12 * np.sqrt(1 - (np.arange(12) / 6 - 1) ** 2)) / np.i0(12.0)}[window.value]
    frame = NOISE[1, 15:31] * np.pad(taper, 2)
    bins = np.exp(-2j * np.pi * np.outer(np.arange(9), np.arange(16)) / 16) @ frame
    assert np.allclose(found[1, :, 3], np.stack([bins.real, bins.imag], -1))
    assert np.allclose(audio.Spectrogram(**options)(NOISE)[1, :, 3], np.abs(bins) ** 2)
    scaled = audio.Spectrogram(**options, normalized=True, power=1.0)(NOISE)[1, :, 3]
    assert np.allclose(scaled, np.abs(bins) / np.sqrt((taper ** 2).sum()))


@pytest.mark.parametrize("options", [{}, {"onesided": False, "normalized": True}, {"pad": 7, "win_length": 24}])
def test_spectrograms_can_be_inverted(options):
    options = {"n_fft": 32, "hop_length": 8, **options}
    spectrum = audio.Spectrogram(power=0, **options)(NOISE)
    assert spectrum.shape[1] == (17 if options.get("onesided", True) else 32)
    back = audio.InverseSpectrogram(length=700, **options)(spectrum)
    assert back.shape == NOISE.shape and np.allclose(back, NOISE)


def test_griffin_lim_finds_a_signal_of_that_spectrogram():
    wanted = audio.Spectrogram(n_fft=64)(sine(500, 8000, 1024))
    found = audio.GriffinLim(n_fft=64, n_iter=60, length=1024, rand_init=False)(wanted)
    assert found.shape == (1024,)
    error = np.linalg.norm(audio.Spectrogram(n_fft=64, power=1.0)(found) - np.sqrt(wanted))
    assert error < 0.1 * np.linalg.norm(np.sqrt(wanted))


def test_banks_and_transforms():
    bank = audio.melscale_fbanks(201, 0, 8000, 20, 16000)
    assert bank.shape == (201, 20) and bank.dtype == np.float32 and bank.min() == 0 and bank.max() <= 1
    centre = 700 * (10 ** (2595 * math.log10(1 + 8000 / 700) * 10 / 21 / 2595) - 1)
    assert abs(bank[:, 9].argmax() * 40 - centre) <= 40
    equal = audio.melscale_fbanks(4001, 0, 8000, 20, 16000, audio.NormType.SLANEY, audio.MelType.SLANEY)
    assert np.allclose(equal.sum(0) * 2, 1, atol=0.01)
    linear = audio.linear_fbanks(101, 0, 4000, 9, 8000)
    assert np.allclose(linear[10:90].sum(1), 1, atol=1e-5)
    dct = audio.create_dct(6, 6, audio.NormMode.ORTHO)
    assert np.allclose(dct.T @ dct, np.eye(6), atol=1e-6)
    assert audio.create_dct(3, 4)[1, 2] == pytest.approx(2 * math.cos(math.pi / 4 * 1.5 * 2))


def test_features_are_made_of_their_parts():
    mel = audio.MelSpectrogram(8000, n_fft=64, n_mels=10)(NOISE)
    spectrum = audio.Spectrogram(n_fft=64)(NOISE)
    assert np.allclose(mel, audio.melscale_fbanks(33, 0, 4000, 10, 8000).T @ spectrum, rtol=1e-4)
    assert np.allclose(mel, audio.MelScale(10, 8000, n_stft=33)(spectrum))
    dct = audio.create_dct(5, 10, audio.NormMode.ORTHO)
    options = {"n_fft": 64, "n_mels": 10}
    assert np.allclose(audio.MFCC(8000, 5, log_mels=True, melkwargs=options)(NOISE), dct.T @ np.log(mel + 1e-6))
    assert np.allclose(audio.MFCC(8000, 5, melkwargs=options)(NOISE), dct.T @ audio.AmplitudeToDB()(mel))
    bank = audio.linear_fbanks(33, 0, 4000, 10, 8000)
    found = audio.LFCC(8000, 10, 5, log_lf=True, speckwargs={"n_fft": 64})(NOISE)
    assert np.allclose(found, dct.T @ np.log(bank.T @ spectrum + 1e-6), rtol=1e-4, atol=1e-5)


def test_mel_bands_can_be_undone():
    wanted = RNG.random((9, 5))
    mel = audio.MelScale(4, 1000, n_stft=9)(wanted)
    found = audio.InverseMelScale(9, 4, 1000, max_iter=2000)(mel)
    assert found.shape == (9, 5) and found.min() >= 0
    assert np.allclose(audio.MelScale(4, 1000, n_stft=9)(found), mel, atol=0.02)


def test_deltas_are_slopes():
    ramp = np.stack([3.0 * np.arange(20), np.ones(20)])
    found = audio.ComputeDeltas(5)(ramp)
    assert np.allclose(found[:, 2:-2], [[3.0] * 16, [0.0] * 16])
    assert found[0, 0] == pytest.approx((3 * 1 + 2 * 6) / 10)


@pytest.mark.parametrize("center", [False, True])
def test_means_over_a_window_are_taken_off(center):
    x = RNG.standard_normal((12, 3))
    found = audio.SlidingWindowCmn(4, 3, center, True)(x)
    low, high = (6 - 2, 6 + 2) if center else (6 - 4, 6 + 1)
    part = x[low:high]
    assert np.allclose(found[6], (x[6] - part.mean(0)) / part.std(0))
    first = x[:4] if center else x[:3]
    assert np.allclose(found[0], (x[0] - first.mean(0)) / first.std(0))


def test_the_pitch_of_a_sine_is_found():
    found = audio.DetectPitchFrequency(8000, win_length=5)(np.stack([sine(f, 8000, 4000) for f in (100, 250)]))
    assert np.allclose(np.median(found, -1), [100, 250], rtol=0.05)


def test_rates_and_speeds_and_pitches():
    slow = sine(50, 1000, 1000)
    for method in audio.ResampleMethod:
        fast = audio.Resample(1000, 1500, method, lowpass_filter_width=16)(slow)
        assert fast.shape == (1500,) and np.allclose(fast[100:-100], sine(50, 1500, 1500)[100:-100], atol=0.01)
    assert audio.Resample(1000, 300)(sine(300, 1000, 1000))[50:-50].std() < 0.02
    spectrum = audio.Spectrogram(n_fft=64, power=0)(slow)
    stretched = audio.TimeStretch(32, 33, 0.5)(spectrum)
    assert stretched.shape == (33, 2 * spectrum.shape[1], 2)
    assert np.allclose(audio.ComplexNorm()(stretched)[:, ::2], audio.ComplexNorm()(spectrum))
    advance = np.linspace(0, math.pi * 32, 33)[:, None]
    assert np.allclose(audio.PhaseVocoder(0.5, advance)(spectrum), stretched)
    octave = audio.PitchShift(1000, 12, n_fft=128)(slow)
    peak = np.abs(np.fft.rfft(octave[200:800])).argmax() / 600 * 1000
    assert octave.shape == (1000,) and peak == pytest.approx(100, abs=4)


def test_the_centroid_of_a_sine_is_its_frequency():
    found = audio.SpectralCentroid(8000, 80)(sine(1000, 8000, 800))
    assert found.shape == (1, 21) and np.allclose(found[0, 3:-3], 1000, atol=1)


X = np.array([-0.8, -0.1, 0.0, 0.3, 0.9])
LEVELS = [
    (audio.AmplitudeToDB(), [[1, 0.1, 1e-12]], [[0, -10, -80]]),
    (audio.AmplitudeToDB(audio.ScaleType.MAGNITUDE, 0.1, 0.01), [[1, 0.1, 0]], [[20, 0, -20]]),
    (audio.DBToAmplitude(2, 0.5), [0, 20, -20], [2, 20, 0.2]),
    (audio.Angle(), [[0, 1], [-1, 0]], [math.pi / 2, math.pi]),
    (audio.ComplexNorm(2), [[3, 4], [0, 1]], [25, 1]),
    (audio.Contrast(75), X, np.sin(X * math.pi / 2 + 0.1 * np.sin(2 * math.pi * X))),
    (audio.DCShift(0.5), X, np.clip(X + 0.5, -1, 1)),
    (audio.DCShift(0.5, 0.05), [0.0, 0.9], [0.5, 0.55]),
    (audio.DCShift(-0.5, 0.05), [0.0, -0.9], [-0.5, -0.55]),
    (audio.Gain(20), X, 10 * X),
    (audio.Vol(2), X, np.clip(2 * X, -1, 1)),
    (audio.Vol(4, audio.GainType.POWER), X, np.clip(2 * X, -1, 1)),
    (audio.Vol(-20, audio.GainType.DB), X, X / 10),
    (audio.MuLawEncoding(256), [-1, 0, 1], [0, 128, 255]),
    (audio.MuLawDecoding(256), [0, 255], [-1, 1]),
    (audio.Fade(3, 2), [1, 1, 1, 1, 1], [0, 0.5, 1, 1, 0]),
    (audio.Fade(3, 0, audio.FadeShape.HALF_SINE), [1, 1, 1, 1], [0, 0.5, 1, 1]),
    (audio.Fade(0, 3, audio.FadeShape.QUARTER_SINE), [1, 1, 1, 1], [1, 1, math.sqrt(0.5), 0]),
    (audio.Fade(3, 0, audio.FadeShape.EXPONENTIAL), [1, 1, 1], [0, 0.5 / math.sqrt(2), 1]),
    (audio.Fade(3, 0, audio.FadeShape.LOGARITHMIC), [1, 1, 1], [0, math.log10(0.6) + 1, 1]),
    (audio.Dither(), [0.5, 0.25, 0.0], np.round(np.array([16383, 8191.5 + 2 / 3, 2 / 3])) / 32768),
    (audio.Overdrive(0, 0), [0.6, 0.6], [0.3 + 0.75 * 0.528, 0.3 + 0.75 * 0.995 * 0.528]),
]


@pytest.mark.parametrize("number", range(len(LEVELS)))
def test_levels(number):
    transform, given, expected = LEVELS[number]
    for dtype in (np.float64, np.float32):
        found = pickle.loads(pickle.dumps(transform))(np.array(given, dtype))
        assert found.dtype == (np.int32 if isinstance(transform, audio.MuLawEncoding) and not isinstance(
            transform, audio.MuLawDecoding) else dtype)
        assert np.allclose(found, expected, atol=1e-4)


def test_dither_stays_within_its_steps():
    for density in (audio.DensityFunction.RPDF, audio.DensityFunction.GPDF):
        found = audio.Dither(density)(NOISE)
        assert np.abs(found - NOISE).max() < 16 / 32768 and np.array_equal(found * 32768, np.round(found * 32768))
    plain, shaped = audio.Dither()(NOISE), audio.Dither(noise_shaping=True)(NOISE)
    assert np.allclose(shaped[:, 1:] - plain[:, 1:], (plain - NOISE)[:, :-1])


def test_magnitudes_and_phases_are_two_results():
    sizes, phases = audio.Magphase(2.0)(np.array([[3.0, 4.0], [0.0, -1.0]]))
    assert np.allclose(sizes, [25, 1]) and np.allclose(phases, [math.atan2(4, 3), -math.pi / 2])
    rows = ds.NumpySlicesDataset(np.ones((3, 4, 2), np.float32), "x", shuffle=False).map(
        audio.Magphase(), "x", ["size", "phase"])
    for row in rows.create_dict_iterator(output_numpy=True):
        assert np.allclose(row["size"], math.sqrt(2)) and np.allclose(row["phase"], math.pi / 4)


def test_masks():
    x = np.ones((2, 6, 8), np.float32)
    assert np.array_equal(np.unique(np.argwhere(audio.MaskAlongAxis(2, 3, 7.0, 1)(x) == 7)[:, 1]), [2, 3, 4])
    assert np.array_equal(np.unique(np.argwhere(audio.TimeMasking(False, 2, 5, 0.0)(x) == 0)[:, 2]), [5, 6])
    assert np.array_equal(audio.FrequencyMasking(False, 0)(x), x)
    for transform, dimension in ((audio.MaskAlongAxisIID(4, 0.0, 1), 1), (audio.TimeMasking(True, 4), 2),
                                 (audio.FrequencyMasking(True, 4), 1)):
        counts = {int((part == 0).any(2 - dimension).sum()) for _ in range(40) for part in transform(x)}
        assert counts == {0, 1, 2, 3}


def test_delay_lines():
    line, found = np.zeros(9), audio.Phaser(1000, 0.5, 0.8, 3.0, 0.4, 0.5)(NOISE[0, :60])
    delays = [int((math.sin(2 * math.pi * (k + 500) / 2000) + 1) / 2 * 2 + 1.5) for k in range(60)]
    line = np.zeros(3)
    for k in range(60):
        value = 0.5 * NOISE[0, k] + line[(k + delays[k]) % 3]
        line[(k + 1) % 3] = 0.4 * value
        assert found[k] == pytest.approx(np.clip(0.8 * value, -1, 1))
    for kind in audio.Interpolation:
        still = audio.Flanger(1000, delay=3.0, depth=0.0, width=100.0, interpolation=kind)(NOISE)
        assert np.allclose(still[:, 3:], (NOISE[:, 3:] + NOISE[:, :-3]) / 2)
        moving = audio.Flanger(1000, 1.0, 4.0, 50.0, speed=5.0, modulation=audio.Modulation.TRIANGULAR,
                               interpolation=kind)(NOISE)
        assert moving.shape == NOISE.shape and np.abs(moving).max() <= 1 and not np.allclose(moving[0], NOISE[0])


def test_silence_before_a_voice_is_cut_off():
    rate = 8000
    voice = sum(sine(150 * k, rate, rate) for k in range(1, 12)) / 12
    signal = np.concatenate([1e-4 * RNG.standard_normal(3 * rate), voice])
    found = audio.Vad(rate)(signal)
    assert rate < found.shape[0] < 1.6 * rate and np.array_equal(found, signal[-len(found):])
    assert audio.Vad(rate)(np.zeros(3 * rate)).shape == (int(1.1 * rate),)
    assert audio.Vad(rate)(np.zeros(rate)).shape == (int(0.1 * rate),)


def test_a_signal_shorter_than_the_border_is_mirrored_to_and_fro():
    signal = RNG.random((2, 20))
    places = np.abs((np.arange(-200, 220) + 19) % 38 - 19)
    frame = np.fft.rfft(signal[:, places][:, :400] * np.hanning(401)[:-1])
    found = audio.Spectrogram()(signal)
    assert found.shape == (2, 201, 1)
    np.testing.assert_allclose(found[..., 0], np.abs(frame) ** 2, atol=1e-8)
    assert audio.SpectralCentroid(44100)(signal).shape == (2, 1, 1)
    assert audio.PitchShift(16000, 4)(RNG.random((8, 30))).shape == (8, 30)


@pytest.mark.parametrize("transform, shape, expected", [
    (audio.DetectPitchFrequency(30, 0.1, 3, 5, 25), (16,), (5,)), (audio.LFCC(), (10, 300), (10, 40, 2)),
    (audio.MFCC(4000, 128, 2), (500,), (128, 3)), (audio.LFCC(log_lf=True), (300,), (40, 2))],
    ids=["pitch", "lfcc", "mfcc", "log"])
def test_coefficients_and_pitches_are_float32(transform, shape, expected):
    for dtype in (np.float64, np.float32):
        found = transform(RNG.random(shape).astype(dtype))
        assert found.dtype == np.float32 and found.shape == expected


def test_a_stretch_by_one_only_joins_the_first_dimensions():
    for shape, expected in (((16, 8, 2), (1, 16, 8, 2)), ((2, 3, 16, 8, 2), (6, 16, 8, 2))):
        given = RNG.random(shape)
        np.testing.assert_array_equal(audio.TimeStretch()(given), given.reshape(expected))
        (row,) = next(ds.NumpySlicesDataset([given] * 2, "x").map(audio.TimeStretch()).create_tuple_iterator(
            output_numpy=True))
        assert row.shape == expected


@pytest.mark.parametrize("make, error", [
    (lambda: audio.LowpassBiquad(44100.5, 200), TypeError), (lambda: audio.LowpassBiquad(0, 200), ValueError),
    (lambda: audio.LowpassBiquad(44100, "200"), TypeError), (lambda: audio.BassBiquad(44100, 1, Q=1.5), ValueError),
    (lambda: audio.LFilter([1, 2], [1]), ValueError), (lambda: audio.LFilter([0, 2], [1, 1]), ValueError),
    (lambda: audio.DeemphBiquad(8000), ValueError), (lambda: audio.Vol(-1), ValueError),
    (lambda: audio.Vol(1, "db"), TypeError), (lambda: audio.Spectrogram(0), ValueError),
    (lambda: audio.Spectrogram(400, 500), ValueError), (lambda: audio.Spectrogram(window="hann"), TypeError),
    (lambda: audio.MelScale(f_min=9000.0), ValueError), (lambda: audio.MFCC(n_mfcc=200), ValueError),
    (lambda: audio.MaskAlongAxis(0, 1, 0.0, 3), ValueError), (lambda: audio.ComputeDeltas(2), ValueError),
    (lambda: audio.TimeStretch(fixed_rate=0.0), ValueError), (lambda: audio.Resample(0, 1), ValueError),
    (lambda: audio.Vad(600, noise_up_time=1, noise_down_time=3), ValueError),
    (lambda: audio.Gain()(np.array(["a", "b"])), RuntimeError), (lambda: audio.Angle()(np.ones(3)), RuntimeError),
    (lambda: audio.MelScale()(np.ones((5, 3))), RuntimeError), (lambda: audio.Spectrogram()(np.ones(0)), RuntimeError),
    (lambda: audio.Spectrogram(center=False)(np.ones(9)), RuntimeError),
    (lambda: audio.TimeStretch(fixed_rate=2.0)(np.ones((16, 8, 2))), RuntimeError),
    (lambda: audio.TimeMasking(False, 9)(np.ones((2, 3))), RuntimeError),
    (lambda: audio.Fade(9)(np.ones(3)), RuntimeError),
], ids=lambda value: getattr(value, "__name__", None) if isinstance(value, type) else None)
def test_errors(make, error):
    with pytest.raises(error, match="For '"):
        make()


def test_recordings_of_a_data_set(tmp_path):
    for number in range(2):
        with wave.open(str(tmp_path / f"0_1_{number}_1_0_1_0_1.wav"), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
            file.writeframes((sine(500, 8000, 2000) * 9000).astype("<i2").tobytes())
    rows = ds.YesNoDataset(str(tmp_path), shuffle=False).map(
        [audio.Resample(8000, 4000), audio.MelSpectrogram(4000, 64, n_mels=8), audio.AmplitudeToDB()], "waveform")
    shapes = [row["waveform"].shape for row in rows.create_dict_iterator(output_numpy=True)]
    assert shapes == [(1, 8, 32), (1, 8, 32)]
    assert utils.melscale_fbanks(201, 0, 8000, 20, 16000).shape == (201, 20)
